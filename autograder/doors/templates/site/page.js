// Part of the notebook's page: a bar that says where the work is, takes it home, and offers an updated assignment.
// JupyterLite keeps a notebook in the browser's storage from its first save on, and never looks at the site's again.

const about = ABOUT; // {notebook: its name, version: of the site's notebook, kernelspec: what other Jupyters call theirs}

const style = document.createElement("style");
style.textContent = `
  #main { bottom: var(--site-bar, 0) }
  #site-bar { position: fixed; bottom: 0; left: 0; right: 0; z-index: 50; box-sizing: border-box; display: flex;
    flex-wrap: wrap; align-items: center; gap: 6px 12px; padding: 5px 12px; font: 13px system-ui, sans-serif;
    background: var(--jp-layout-color2, #eee); color: var(--jp-ui-font-color1, #222);
    border-top: 1px solid var(--jp-border-color1, #bbb) }
  #site-bar span { flex: 1 1 14em }
  #site-bar button { font: inherit; padding: 3px 10px; border-radius: 4px; cursor: pointer;
    border: 1px solid var(--jp-border-color0, #999); background: var(--jp-layout-color0, #fff); color: inherit }`;

const bar = document.createElement("div");
bar.id = "site-bar";
const text = document.createElement("span");
text.setAttribute("role", "status");
text.textContent = "Your work is kept in this browser only. Download it to hand it in, or to keep it.";
bar.append(text, button("Download my notebook", download));

function button(label, action) {
  const made = document.createElement("button");
  made.textContent = label;
  made.onclick = () => action().catch((why) => (text.textContent = `That did not work: ${why.message}`));
  return made;
}

async function notebook() {
  // The open notebook's context, when it has been read.
  for (;;) {
    const context = window.jupyterapp?.shell.currentWidget?.context;
    if (context) return context.ready.then(() => context);
    await new Promise((later) => setTimeout(later, 100));
  }
}

async function download() {
  const context = await notebook();
  await context.save();
  const content = context.model.toJSON();
  content.metadata.kernelspec = about.kernelspec;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/x-ipynb+json" }));
  link.download = about.notebook;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function openNew() {
  // The site's notebook in a file of its own: an older one, and what was written in it, stays as it is.
  await (await notebook()).save();
  const path = about.notebook.replace(/\.ipynb$/, `-${about.version}.ipynb`);
  const { contents } = window.jupyterapp.serviceManager;
  const there = await contents.get(path, { content: false }).catch(() => null);
  if (!there) {
    const answer = await fetch(`../files/${about.notebook}`, { cache: "no-cache" });
    if (!answer.ok) throw new Error(`the site answered ${answer.status}`);
    await contents.save(path, { type: "notebook", format: "json", content: await answer.json() });
  }
  window.open(`?path=${encodeURIComponent(path)}`);
}

async function start() {
  document.head.append(style);
  document.body.append(bar);
  const resize = () => document.body.style.setProperty("--site-bar", `${bar.offsetHeight}px`);
  new ResizeObserver(resize).observe(bar);
  navigator.storage?.persist?.(); // asks the browser not to clear its storage by itself
  const context = await notebook();
  document.addEventListener("visibilitychange", () => document.hidden && context.model.dirty && context.save());
  const { site } = context.model.toJSON().metadata;
  if (site && site.version !== about.version) {
    text.textContent = "The assignment has been updated since you began this notebook, which stays as it is.";
    bar.insertBefore(button("Open the new one beside it", openNew), bar.lastChild);
  }
}

start();
