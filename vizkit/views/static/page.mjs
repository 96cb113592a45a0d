// What a component finds instead of a kernel: a model that holds its state and tells those who listen.

class Model {
  #state;
  #listeners = new Map();

  constructor(state) {
    this.#state = state;
  }

  get(name) {
    return this.#state[name];
  }

  set(name, value) {
    const before = this.#state[name];
    this.#state[name] = value;
    if (before !== value) this.emit(`change:${name}`, value);
  }

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    this.#listeners.set(event, (this.#listeners.get(event) ?? []).filter((known) => known !== listener));
  }

  emit(event, ...values) {
    for (const listener of this.#listeners.get(event) ?? []) listener(...values);
  }

  save_changes() {} // nobody to save them for

  send(message) {
    this.emit("sent", message);
  }
}

/** {base64: …} as the DataView a kernel would have sent. */
function revive(_name, value) {
  if (typeof value?.base64 !== "string") return value;
  return new DataView(Uint8Array.from(atob(value.base64), (letter) => letter.charCodeAt(0)).buffer);
}

function show(components) {
  const parts = JSON.parse(document.getElementById("parts").textContent, revive);
  globalThis.vizkit = { models: parts.map(({ state }) => new Model(state)) };
  parts.forEach(({ module }, i) => {
    const el = document.createElement("div");
    document.querySelector("main").append(el);
    components[module].render({ model: globalThis.vizkit.models[i], el });
  });
}
