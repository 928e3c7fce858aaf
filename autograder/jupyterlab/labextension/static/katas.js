// The katas in JupyterLab 4 and Notebook 7: a side bar, a Check button, a badge on the tab.
//
// This file is what the browser loads: a container of webpack's module federation, written by hand.
// It decides nothing. What a kata is, what it is worth and what is wrong with an answer comes from
// the server (autograder/jupyterlab/server.py).
"use strict";

(() => {
  const NAME = "llm-katas";
  const STATES = {
    open: ["○", "open"],
    tried: ["◐", "tried"],
    solved: ["●", "solved"],
    revealed: ["◇", "revealed"],
    due: ["↻", "due for repetition"],
  };
  const ICON =
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
    '<path class="jp-icon3" fill="#616161" fill-rule="evenodd" d="M5 3h14a2 2 0 0 1 2 2v14a2 2 0 ' +
    "0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm0 2v14h14V5zm5.2 11.7-4-4 1.5-1.5 2.5 2.5 " +
    '5.3-5.3 1.5 1.5z"/></svg>';
  // Modules of JupyterLab that are used, by the name that they have here.
  const MODULES = {
    apputils: "@jupyterlab/apputils",
    application: "@jupyterlab/application",
    coreutils: "@jupyterlab/coreutils",
    docmanager: "@jupyterlab/docmanager",
    notebook: "@jupyterlab/notebook",
    services: "@jupyterlab/services",
    ui: "@jupyterlab/ui-components",
    widgets: "@lumino/widgets",
  };
  const TREE = "@jupyter-notebook/tree"; // where Notebook 7 lists files; JupyterLab has none

  // -- markup: text is text, whatever it holds --------------------------------------------------

  function element(tag, attributes = {}, ...content) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) {
        made.addEventListener(name.slice(2), value);
      } else if (value !== false && value !== null && value !== undefined) {
        made.setAttribute(name, value === true ? "" : value);
      }
    }
    made.append(...content.filter((part) => part !== null && part !== undefined));
    return made;
  }

  const points = (value) => String(Math.round(value * 100) / 100);

  // -- the plugin -------------------------------------------------------------------------------

  function plugin(lab) {
    return {
      id: `${NAME}:plugin`,
      description: "The katas: a side bar, a Check button, a badge.",
      autoStart: true,
      requires: [lab.docmanager.IDocumentManager],
      optional: [
        lab.application.ILabShell,
        lab.apputils.ICommandPalette,
        ...(lab.tree ? [lab.tree.INotebookTree] : []),
      ],
      activate: (app, documents, shell, palette, tree) => {
        new Katas(lab, app, documents, shell, palette, tree).start();
      },
    };
  }

  class Katas {
    constructor(lab, app, documents, shell, palette, tree) {
      Object.assign(this, { lab, app, documents, shell, palette, tree });
      this.katas = [];
      this.tools = new Map(); // of each open document of a kata: its button and points
    }

    start() {
      this.addStyle();
      this.addCommands();
      this.addSideBar();
      for (const factory of ["Notebook", "Editor"]) {
        this.app.docRegistry.addWidgetExtension(factory, {
          createNew: (panel, context) => this.equip(panel, context),
        });
      }
      // A cell that ran may have been judged.
      this.lab.notebook.NotebookActions.executed.connect((_, { cell }) => {
        if (/^\s*%%?kata\b/.test(cell.model.sharedModel.getSource())) {
          this.refresh();
        }
      });
      this.refresh();
    }

    addStyle() {
      const base = this.lab.coreutils.PageConfig.getOption("fullLabextensionsUrl");
      const href = `${base}/${NAME}/static/katas.css`;
      document.head.append(element("link", { rel: "stylesheet", href }));
    }

    // -- asking the server ----------------------------------------------------------------------

    async ask(what, body) {
      const settings = this.app.serviceManager.serverSettings;
      const url = this.lab.coreutils.URLExt.join(settings.baseUrl, NAME, what);
      const request = body ? { method: "POST", body: JSON.stringify(body) } : {};
      const { ServerConnection } = this.lab.services;
      const response = await ServerConnection.makeRequest(url, request, settings);
      const answer = await response.json().catch(() => ({}));
      if (!response.ok) {
        throw new Error(answer.message || `${response.status} ${response.statusText}`);
      }
      return answer;
    }

    async refresh() {
      const before = JSON.stringify([this.katas, this.problem]);
      try {
        this.katas = (await this.ask("listing")).katas;
        this.problem = null;
      } catch (error) {
        this.katas = [];
        this.problem = error.message;
      }
      if (JSON.stringify([this.katas, this.problem]) !== before) {
        this.drawList(); // and leave it alone otherwise: somebody may be clicking there
      }
      this.tools.forEach((_, panel) => this.drawTools(panel));
    }

    tell(error) {
      this.lab.apputils.Notification.error(error.message);
    }

    // -- commands -------------------------------------------------------------------------------

    addCommands() {
      const add = (id, label, execute, options = {}) =>
        this.app.commands.addCommand(id, {
          label,
          execute: (args) => Promise.resolve(execute(args)).catch((error) => this.tell(error)),
          ...options,
        });
      add("kata:check", "Check this kata", () => this.check(this.current()), {
        isEnabled: () => this.current() !== null,
      });
      add("kata:open-notebook", "Open the kata as a notebook", ({ name }) =>
        this.openNotebook(name),
      );
      add("kata:open-file", "Open the kata as a file", ({ name }) =>
        this.open(this.kata(name).file),
      );
      add("kata:open-question", "Open the kata's question", ({ name }) =>
        this.open(this.kata(name).question, "Markdown Preview"),
      );
      add("kata:reset", "Reset the kata", ({ name }) => this.reset(name));
      add("kata:show", "Show the katas", () => {
        if (this.tree) {
          this.tree.currentWidget = this.side;
        } else {
          this.app.shell.activateById(this.side.id);
        }
      });
      for (const command of ["kata:check", "kata:show"]) {
        this.palette?.addItem({ command, category: "Katas" });
      }
    }

    kata(name) {
      return this.katas.find((kata) => kata.name === name);
    }

    open(path, factory) {
      if (!path) {
        throw new Error("start JupyterLab in the folder that has katas/ to open files from here");
      }
      return this.app.commands.execute("docmanager:open", { path, factory });
    }

    async openNotebook(name) {
      const { path } = await this.ask("notebook", { name });
      await this.open(path);
      this.refresh();
    }

    async reset(name) {
      const kata = this.kata(name);
      const { Dialog, showDialog } = this.lab.apputils;
      const buttons = [Dialog.cancelButton(), Dialog.warnButton({ label: "Reset file" })];
      if (kata.has_notebook) {
        buttons.push(Dialog.warnButton({ label: "Reset notebook" }));
      }
      const { button } = await showDialog({
        title: `Reset ${name}?`,
        body: "It becomes what was given out. What you wrote is kept in a backup beside it.",
        buttons,
      });
      if (!button.accept) {
        return;
      }
      const what = button.label === "Reset notebook" ? "notebook" : "file";
      const widget = this.documents.findWidget(kata[what] || "");
      const context = widget && this.documents.contextForWidget(widget);
      if (context && context.model.dirty) {
        await context.save(); // so that the backup has it
      }
      const { saved } = await this.ask("reset", { name, what });
      if (context) {
        await context.revert();
      }
      const text = saved ? `What you wrote is in ${saved}.` : "It was as given out.";
      this.lab.apputils.Notification.info(text, { autoClose: 5000 });
      this.refresh();
    }

    // -- documents ------------------------------------------------------------------------------

    current() {
      const panel = [...this.tools.keys()].find((one) => one === this.app.shell.currentWidget);
      return panel && this.nameOf(panel) ? panel : null;
    }

    // The name of the kata that a document belongs to, or null.
    nameOf(panel) {
      const path = panel.context.path;
      const known = this.katas.find((kata) => path === kata.file || path === kata.notebook);
      if (known) {
        return known.name;
      }
      const model = panel.content.model;
      if (!model || !model.cells) {
        return null;
      }
      const named = model.getMetadata("kata")?.name;
      if (typeof named === "string") {
        return named;
      }
      for (const cell of model.cells) {
        const match = /^\s*%%?kata[ \t]+(\w+)/.exec(cell.sharedModel.getSource());
        if (match) {
          return match[1];
        }
      }
      return null;
    }

    equip(panel, context) {
      const { Widget } = this.lab.widgets;
      const button = element("button", {
        class: "kata-check jp-ToolbarButtonComponent",
        type: "button",
        title: "Judge this as it is now; it is saved first",
        onclick: () => this.check(panel).catch((error) => this.tell(error)),
      });
      const score = element("span", { class: "kata-score", role: "status" });
      const node = element("div", { class: "kata-tools" }, button, score);
      node.hidden = true;
      const tools = new Widget({ node });
      panel.toolbar.insertBefore("cellType", "kata", tools) || panel.toolbar.addItem("kata", tools);
      this.tools.set(panel, { node, button, score });
      panel.disposed.connect(() => this.tools.delete(panel));
      context.ready.then(() => this.drawTools(panel));
      context.fileChanged.connect(() => this.drawTools(panel));
    }

    drawTools(panel) {
      const { node, button, score } = this.tools.get(panel);
      const name = this.nameOf(panel);
      const kata = this.kata(name);
      node.hidden = !name;
      button.textContent = button.disabled ? "Checking …" : "Check";
      const known = kata && kata.last !== null;
      const text = known ? `${points(kata.last)}/${points(kata.max_points)}` : "";
      score.textContent = text;
      score.title = known ? `${text} points at the last attempt` : "";
      const dataset = { ...panel.title.dataset };
      delete dataset["kata-points"];
      panel.title.dataset = text ? { ...dataset, "kata-points": text } : dataset;
    }

    async check(panel) {
      const { button } = this.tools.get(panel);
      if (button.disabled) {
        return;
      }
      button.disabled = true;
      this.drawTools(panel);
      try {
        await panel.context.save();
        const path = panel.context.path;
        this.showReport(await this.ask("check", { name: this.nameOf(panel), path }), panel);
      } finally {
        button.disabled = false;
        await this.refresh();
        this.drawTools(panel);
      }
    }

    // -- the report -----------------------------------------------------------------------------

    showReport({ name, html }, panel) {
      const { Widget } = this.lab.widgets;
      if (!this.report || this.report.isDisposed) {
        this.report = new Widget({ node: element("div", { tabindex: "0" }) });
        this.report.id = "kata-report";
        this.report.addClass("kata-report-panel");
        this.report.addClass("jp-RenderedHTMLCommon");
        this.report.title.icon = this.icon;
        this.report.title.closable = true;
      }
      // From our own server, which escapes all that is not its own.
      this.report.node.innerHTML = html;
      this.report.node.scrollTop = 0;
      this.report.title.label = `Report: ${name}`;
      this.report.title.caption = `Report: ${name}`;
      if (!this.report.isAttached) {
        if (this.shell) {
          this.shell.add(this.report, "main", { mode: "split-right", ref: panel.id });
        } else {
          this.app.shell.add(this.report, "right");
        }
      }
      if (!this.shell) {
        this.app.shell.expandRight?.(this.report.id);
      }
      this.app.shell.activateById(this.report.id);
    }

    // -- the side bar ---------------------------------------------------------------------------

    addSideBar() {
      const { Widget } = this.lab.widgets;
      this.icon = new this.lab.ui.LabIcon({ name: `${NAME}:icon`, svgstr: ICON });
      this.list = element("div", { class: "kata-list" });
      const again = element(
        "button",
        { type: "button", class: "kata-again", title: "Read the list again",
          onclick: () => this.refresh() },
        "↻",
      );
      const head = element("div", { class: "kata-list-head" },
        element("h2", {}, "Katas"), again);
      const side = (this.side = new Widget({ node: element("div", {}, head, this.list) }));
      side.id = "kata-list";
      side.addClass("kata-side");
      side.title.icon = this.icon;
      side.title.caption = "Katas";
      if (!this.shell) {
        side.title.label = "Katas"; // Notebook 7 lists side bars by name in its View menu
      }
      if (this.tree) {
        this.tree.addWidget(side);
        this.tree.tabBar.addTab(side.title);
      } else {
        this.app.shell.add(side, "left", { rank: 600 });
      }
    }

    drawList() {
      if (this.problem) {
        this.list.replaceChildren(element("p", { class: "kata-problem" }, this.problem));
        return;
      }
      const opened = new Set(
        [...this.list.querySelectorAll("details[open]")].map((details) => details.dataset.key),
      );
      const first = this.list.childElementCount === 0;
      const tracks = new Map();
      for (const kata of this.katas) {
        tracks.set(kata.track, [...(tracks.get(kata.track) || []), kata]);
      }
      const begun = [...tracks].find(([, katas]) => katas.some((k) => k.state !== "solved"));
      this.list.replaceChildren(
        ...[...tracks].map(([track, katas]) => {
          const solved = katas.filter((kata) => kata.state === "solved").length;
          const open = first ? begun && track === begun[0] : opened.has(`track ${track}`);
          return element("details", { class: "kata-track", "data-key": `track ${track}`, open },
            element("summary", {},
              element("span", {}, track),
              element("span", { class: "kata-count" }, `${solved} of ${katas.length}`)),
            ...katas.map((kata) => this.drawKata(kata, opened.has(kata.name))));
        }),
      );
    }

    drawKata(kata, open) {
      const [mark, state] = STATES[kata.due ? "due" : kata.state];
      const act = (label, command, title) =>
        element("button", { type: "button", title,
          onclick: () => this.app.commands.execute(command, { name: kata.name }) }, label);
      const got = kata.last === null ? "" : `${points(kata.points)}/${points(kata.max_points)}`;
      return element("details", { class: "kata-entry", "data-key": kata.name, open },
        element("summary", { title: `${kata.title} (${kata.difficulty}, ${kata.minutes} min)` },
          element("span", { class: `kata-mark kata-${kata.state}`, role: "img",
            "aria-label": state, title: state }, mark),
          element("span", { class: "kata-name" }, kata.name),
          element("span", { class: "kata-got" }, got)),
        element("div", { class: "kata-about" },
          element("p", {}, kata.title),
          element("p", { class: "kata-quiet" },
            `${kata.difficulty} · ${kata.minutes} min · ${points(kata.max_points)} points · ` +
            state),
          element("div", { class: "kata-actions" },
            act("Notebook", "kata:open-notebook", "Open it as a notebook"),
            act("File", "kata:open-file", "Open the file that you edit"),
            act("Question", "kata:open-question", "Read the question"),
            act("Reset …", "kata:reset", "Put it back as it was given out"))));
    }
  }

  // -- the container ----------------------------------------------------------------------------

  let shared = null;

  // The copy that JupyterLab itself uses: the one that is loaded already, else the newest.
  async function load(name) {
    const number = (version) => version.split(/[.-]/).slice(0, 3).map(Number);
    const newest = (a, b) =>
      number(b).map((n, i) => n - number(a)[i]).find((difference) => difference) || 0;
    const versions = Object.entries(shared[name]).sort(
      ([a, one], [b, other]) => Boolean(other.loaded) - Boolean(one.loaded) || newest(a, b),
    );
    return (await versions[0][1].get())();
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const loaded = await Promise.all(
        Object.entries(MODULES).map(async ([key, name]) => [key, await load(name)]),
      );
      const lab = Object.fromEntries(loaded);
      lab.tree = shared[TREE] ? await load(TREE) : null;
      return () => ({ __esModule: true, default: [plugin(lab)] });
    },
  };
})();
