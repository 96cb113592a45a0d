// Points on a canvas: with WebGL2, or, where a browser has none, pixel by pixel. The same few calls for both.
//
//   move(from, to)   positions to draw between;  tint(rgba)  a color for each, its alpha 128 plain, more strong, less faint
//   order(numbers)   which to draw, the last on top;  draw({ camera, share, size, alpha, paper })  sizes in canvas pixels

const AT = `#version 300 es
in vec2 start; in vec2 end; in vec4 color;
uniform float share; uniform vec2 center; uniform vec2 scale; uniform float size; uniform float alpha;
out vec4 tint;
void main() {
  gl_Position = vec4((mix(start, end, share) - center) * scale, 0.0, 1.0);
  gl_PointSize = size + 1.0;
  tint = vec4(color.rgb, min(1.0, color.a * 2.0 * alpha * (color.a > 0.75 ? 2.0 : 1.0)));
}`;

const DOT = `#version 300 es
precision highp float;
in vec4 tint;
uniform float size; uniform vec3 paper;
out vec4 result;
void main() {
  float inner = 0.5 * size - length(gl_PointCoord - 0.5) * (size + 1.0); // pixels inside the rim
  float cover = clamp(inner + 0.5, 0.0, 1.0);
  if (cover <= 0.0) discard;
  float rim = size > 6.0 ? 1.0 - clamp(inner - 0.5, 0.0, 1.0) : 0.0; // sets large dots apart
  float a = tint.a * cover;
  result = vec4(mix(tint.rgb, paper, 0.85 * rim) * a, a);
}`;

function program(gl) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, AT], [gl.FRAGMENT_SHADER, DOT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
    gl.deleteShader(shader); // once the program goes
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(made));
  return made;
}

function webglPainter(canvas) {
  const gl = canvas.getContext("webgl2", { antialias: false, depth: false, stencil: false });
  if (!gl) return null;
  const dots = program(gl);
  const uniform = Object.fromEntries(
    ["share", "center", "scale", "size", "alpha", "paper"].map((name) => [name, gl.getUniformLocation(dots, name)]),
  );
  const buffers = new Map(); // by the array they hold
  const numbers = gl.createBuffer();
  const colors = gl.createBuffer();
  let held = [];
  let count = 0;

  function attribute(name, width, kind, normalized) {
    const place = gl.getAttribLocation(dots, name);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, width, kind, normalized, 0, 0);
  }

  function bufferOf(xy) {
    if (!buffers.has(xy)) {
      buffers.set(xy, gl.createBuffer());
      gl.bindBuffer(gl.ARRAY_BUFFER, buffers.get(xy));
      gl.bufferData(gl.ARRAY_BUFFER, xy, gl.STATIC_DRAW);
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.get(xy));
  }

  function move(from, to) {
    held = [from, to];
    for (const [xy, buffer] of buffers) {
      if (held.includes(xy)) continue;
      gl.deleteBuffer(buffer);
      buffers.delete(xy);
    }
    bufferOf(from);
    attribute("start", 2, gl.FLOAT, false);
    bufferOf(to);
    attribute("end", 2, gl.FLOAT, false);
  }

  function tint(rgba) {
    gl.bindBuffer(gl.ARRAY_BUFFER, colors);
    gl.bufferData(gl.ARRAY_BUFFER, rgba, gl.DYNAMIC_DRAW);
    attribute("color", 4, gl.UNSIGNED_BYTE, true);
  }

  function order(some) {
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, numbers);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, some, gl.DYNAMIC_DRAW);
    count = some.length;
  }

  function draw({ camera, share, size, alpha, paper }) {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!count || !held.length) return;
    gl.uniform1f(uniform.share, share);
    gl.uniform2f(uniform.center, camera.x, camera.y);
    gl.uniform2f(uniform.scale, (2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height);
    gl.uniform1f(uniform.size, size);
    gl.uniform1f(uniform.alpha, alpha);
    gl.uniform3f(uniform.paper, ...paper.map((value) => value / 255));
    gl.drawElements(gl.POINTS, count, gl.UNSIGNED_INT, 0);
  }

  gl.useProgram(dots);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  return { kind: "webgl2", move, tint, order, draw, close: () => gl.getExtension("WEBGL_lose_context")?.loseContext() };
}

function canvasPainter(canvas) {
  const paper2d = canvas.getContext("2d");
  let [from, to] = [new Float32Array(0), new Float32Array(0)];
  let colors = new Uint8Array(0);
  let numbers = new Uint32Array(0);

  function draw({ camera, share, size }) {
    const [width, height] = [canvas.width, canvas.height];
    const image = paper2d.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const side = Math.max(1, Math.round(size * 0.85));
    const zoom = (camera.scale * width) / camera.width;
    for (const i of numbers) {
      const x = from[2 * i] + share * (to[2 * i] - from[2 * i]);
      const y = from[2 * i + 1] + share * (to[2 * i + 1] - from[2 * i + 1]);
      const left = Math.round((x - camera.x) * zoom + width / 2 - side / 2);
      const top = Math.round((camera.y - y) * zoom + height / 2 - side / 2);
      if (left < 0 || top < 0 || left + side > width || top + side > height) continue;
      const opacity = Math.min(255, 2 * colors[4 * i + 3]); // little endian, as image data is
      const color = (opacity << 24) | (colors[4 * i + 2] << 16) | (colors[4 * i + 1] << 8) | colors[4 * i];
      for (let row = top; row < top + side; row++) pixels.fill(color, row * width + left, row * width + left + side);
    }
    paper2d.putImageData(image, 0, 0);
  }

  const move = (start, end) => ([from, to] = [start, end]);
  const tint = (rgba) => (colors = rgba);
  const order = (some) => (numbers = some);
  return { kind: "2d", move, tint, order, draw, close: () => {} };
}
