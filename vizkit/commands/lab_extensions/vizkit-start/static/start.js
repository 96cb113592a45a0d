// Runs the notebook in the page's address, once its kernel is ready, as far as its first widget: that one draws
// without a key, and the rest is left to its reader.
// A hand-written JupyterLab extension: what a bundler would wrap around the plugin is the last four lines.

const address = decodeURIComponent(window.location.pathname);

/** Whether some code cell was run before: a reloaded page, or a notebook its reader has worked in. */
function wasRun(notebook) {
  return Array.from(notebook.model.cells).some((cell) => cell.type === "code" && cell.executionCount !== null);
}

const WIDGET = "application/vnd.jupyter.widget-view+json";

function showsWidget(cell) {
  const outputs = cell.type === "code" ? cell.sharedModel.getOutputs() : [];
  return outputs.some((output) => output.data && WIDGET in output.data);
}

/** Run cells from the top until one of them shows a widget. */
async function runToFirstWidget(app, notebook) {
  for (let i = 0; i < notebook.widgets.length; i++) {
    notebook.activeCellIndex = i;
    await app.commands.execute("notebook:run-cell");
    if (showsWidget(notebook.model.cells.get(i))) return;
  }
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
    await runToFirstWidget(app, panel.content);
    toTop(panel.content); // running has moved the reader
  }
}

const plugin = { id: "vizkit-start:plugin", autoStart: true, activate: (app) => void activate(app) };

(window._JUPYTERLAB ??= {})["vizkit-start"] = {
  init: () => undefined,
  get: async () => () => ({ __esModule: true, default: plugin }),
};
