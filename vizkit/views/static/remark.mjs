// A sentence below a picture. From Python: the traits text and settled. Sends nothing back.

function render({ model, el }) {
  const line = document.createElement("p");
  line.className = "vizkit-remark-text";
  line.role = "status";
  el.classList.add("vizkit-remark");
  el.append(line);

  function update() {
    line.ariaLive = model.get("settled") ? "polite" : "off"; // ten drafts a second are no news
    line.textContent = model.get("text");
    el.hidden = !line.textContent;
  }

  for (const name of ["settled", "text"]) model.on(`change:${name}`, update);
  update();
  return () => {
    for (const name of ["settled", "text"]) model.off(`change:${name}`, update);
  };
}

export default { render };
