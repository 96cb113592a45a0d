// Runs the notebook in the page's address once its kernel is ready, so that the first widget draws without a key.
// A hand-written JupyterLab extension: what a bundler would wrap around the plugin is the last four lines.

const address = decodeURIComponent(window.location.pathname);

/** Whether some code cell was run before: a reloaded page, or a notebook its reader has worked in. */
function wasRun(notebook) {
  return Array.from(notebook.model.cells).some((cell) => cell.type === "code" && cell.executionCount !== null);
}

function toTop(notebook) {
  notebook.activeCellIndex = 0;
  notebook.scrollToItem(0);
}

/** The notebook that the page was opened on, once it is in front; the promise waits as long as it takes. */
function opened(app) {
  return new Promise((resolve) => {
    const look = () => {
      const panel = app.shell.currentWidget;
      if (panel?.context && address.endsWith(`/tree/${panel.context.path}`)) {
        app.shell.currentChanged.disconnect(look);
        resolve(panel);
      }
    };
    app.shell.currentChanged.connect(look);
    look();
  });
}

async function activate(app) {
  await app.restored;
  const panel = await opened(app);
  await panel.context.ready;
  await panel.context.sessionContext.ready;
  await panel.context.sessionContext.session?.kernel?.info;
  if (panel.content.model && !wasRun(panel.content)) {
    app.shell.activateById(panel.id);
    const done = app.commands.execute("notebook:run-all-cells");
    requestAnimationFrame(() => toTop(panel.content)); // running takes the reader to the last cell
    await done;
  }
}

const plugin = { id: "vizkit-start:plugin", autoStart: true, activate: (app) => void activate(app) };

(window._JUPYTERLAB ??= {})["vizkit-start"] = {
  init: () => undefined,
  get: async () => () => ({ __esModule: true, default: plugin }),
};
