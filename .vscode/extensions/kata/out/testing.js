"use strict";
/** The Testing panel, without Microsoft's Python extension: katas, and their tests by sentence. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.Tests = void 0;
const vscode = require("vscode");
const model_1 = require("./model");
/** How long a run waits for the report it asked for. */
const PATIENCE_MS = 120_000;
class Tests {
    tree;
    judge;
    controller = vscode.tests.createTestController('kata', 'LLM Katas');
    waiting = new Map();
    constructor(tree, judge) {
        this.tree = tree;
        this.judge = judge;
        this.controller.resolveHandler = async (item) => {
            if (item)
                await this.report(item.id);
        };
        this.controller.createRunProfile('Run', vscode.TestRunProfileKind.Run, (request, token) => this.run(request, token), true);
        this.controller.createRunProfile('Debug', vscode.TestRunProfileKind.Debug, (request) => this.debug(request));
    }
    /** Take over the katas of the list. */
    refresh() {
        const known = this.tree.katas.map((kata, position) => {
            const old = this.controller.items.get(kata.name);
            if (old)
                return old;
            const item = this.controller.createTestItem(kata.name, kata.name, vscode.Uri.file(kata.stub));
            item.description = kata.title;
            item.sortText = String(position).padStart(4, '0'); // the course's order
            item.canResolveChildren = true;
            return item;
        });
        this.controller.items.replace(known);
    }
    /** Take a report: to those who wait for it, else as the outcome of a save. */
    async take(report) {
        const kata = this.tree.named(report.kata);
        if (!kata || report.partial)
            return;
        await this.fill(kata, report);
        const asked = this.waiting.get(report.kata) ?? [];
        this.waiting.delete(report.kata);
        asked.forEach((answer) => answer(report));
        if (asked.length === 0 && report.verdicts.some((v) => v.verdict !== 'unimplemented')) {
            const item = this.controller.items.get(kata.name);
            if (!item)
                return;
            const run = this.controller.createTestRun(new vscode.TestRunRequest([item]), 'saved', false);
            this.publish(run, item, report);
            run.end();
        }
    }
    /** Give up on what waits for a kata, or on all: it could not be judged. */
    fail(name) {
        for (const key of name === undefined ? [...this.waiting.keys()] : [name]) {
            this.waiting.get(key)?.forEach((answer) => answer(undefined));
            this.waiting.delete(key);
        }
    }
    report(name) {
        return new Promise((resolve) => {
            const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
            const answer = (report) => {
                clearTimeout(timer);
                resolve(report);
            };
            this.waiting.set(name, [...(this.waiting.get(name) ?? []), answer]);
            this.judge(name);
        });
    }
    async fill(kata, report) {
        const item = this.controller.items.get(kata.name);
        if (!item)
            return;
        const uri = vscode.Uri.file(kata.stub);
        const text = (await vscode.workspace.openTextDocument(uri)).getText();
        const places = (0, model_1.taskPlaces)(text, Object.keys(kata.tasks));
        const tests = report.verdicts.map((verdict, position) => {
            const test = this.controller.createTestItem(verdict.test, (0, model_1.sentence)(verdict.test), uri);
            test.description = verdict.task ?? undefined;
            test.sortText = String(position).padStart(4, '0');
            const line = places.get(verdict.task ?? '')?.line ?? 0;
            test.range = new vscode.Range(line, 0, line, 0);
            return test;
        });
        item.children.replace(tests);
    }
    async run(request, token) {
        const run = this.controller.createTestRun(request);
        for (const [item, wanted] of this.chosen(request)) {
            if (token.isCancellationRequested)
                break;
            item.children.forEach((test) => run.started(test));
            const report = await this.report(item.id);
            if (report)
                this.publish(run, item, report, wanted);
            else
                run.errored(item, new vscode.TestMessage('it could not be judged; see Output, LLM Katas'));
        }
        run.end();
    }
    /** Return the katas of a request, each with the tests that are wanted; none means all. */
    chosen(request) {
        const found = new Map();
        const all = [];
        this.controller.items.forEach((item) => all.push(item));
        for (const item of request.include ?? all) {
            if (item.parent)
                found.set(item.parent, (found.get(item.parent) ?? new Set()).add(item.id));
            else
                found.set(item, new Set());
        }
        return found;
    }
    publish(run, item, report, wanted = new Set()) {
        for (const verdict of report.verdicts) {
            const test = item.children.get(verdict.test);
            if (test && (wanted.size === 0 || wanted.has(verdict.test)))
                tell(run, test, verdict);
        }
    }
    async debug(request) {
        const folder = vscode.workspace.workspaceFolders?.[0];
        for (const [item, wanted] of this.chosen(request)) {
            const kata = this.tree.named(item.id);
            if (!kata)
                continue;
            const ids = wanted.size ? [...wanted].map((test) => `${kata.stub}::${test}`) : [kata.stub];
            const started = await vscode.debug.startDebugging(folder, {
                name: `kata: ${kata.name}`,
                type: 'debugpy',
                request: 'launch',
                module: 'pytest',
                args: [...ids, '-x', '--timeout=0', '-p', 'no:xdist'],
                console: 'integratedTerminal',
                justMyCode: true,
            });
            if (!started) {
                void vscode.window.showWarningMessage('Debugging needs the extension "Python Debugger" (ms-python.debugpy).');
            }
        }
    }
    dispose() {
        this.fail(undefined);
        this.controller.dispose();
    }
}
exports.Tests = Tests;
function tell(run, test, verdict) {
    const milliseconds = verdict.seconds * 1000;
    if (verdict.verdict === 'passed')
        run.passed(test, milliseconds);
    else if (!(0, model_1.failed)(verdict))
        run.skipped(test);
    else {
        const message = new vscode.TestMessage((0, model_1.explain)(verdict));
        if (test.uri && verdict.line) {
            message.location = new vscode.Location(test.uri, new vscode.Position(verdict.line - 1, 0));
        }
        run.failed(test, message, milliseconds);
    }
}
