"use strict";
/** Katas in VS Code. Everything is judged by the `kata` command: this draws what it says. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.activate = activate;
const promises_1 = require("node:fs/promises");
const node_os_1 = require("node:os");
const node_path_1 = require("node:path");
const vscode = require("vscode");
const kit_1 = require("./kit");
const testing_1 = require("./testing");
const tree_1 = require("./tree");
const verdicts_1 = require("./verdicts");
async function activate(context) {
    const root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    if (!root)
        return;
    const setting = vscode.workspace.getConfiguration('kata').get('command', '');
    const kit = new kit_1.Kit(root, (0, kit_1.commandIn)(root, setting));
    const output = vscode.window.createOutputChannel('LLM Katas');
    const tree = new tree_1.KataTree(kit);
    const verdicts = new verdicts_1.Verdicts(tree);
    const watcher = new kit_1.Watcher(kit, (event) => void take(event));
    const judge = (name) => {
        verdicts.wait(name);
        watcher.judge(name);
    };
    const tests = new testing_1.Tests(tree, judge);
    async function take(event) {
        if (event.event === 'error') {
            output.appendLine(event.message);
            verdicts.fail(event.kata);
            tests.fail(event.kata);
        }
        else if (event.event === 'report') {
            await verdicts.show(event);
            await tests.take(event);
            if (!event.partial)
                await refresh();
        }
    }
    async function refresh() {
        await tree.refresh();
        tests.refresh();
        verdicts.showStatus();
    }
    /** Return the kata that a command is about: its argument's, or that of the open stub. */
    async function meant(kata) {
        const found = kata?.name ?? tree.of(vscode.window.activeTextEditor?.document)?.name;
        const name = found ??
            (await vscode.window.showQuickPick(tree.katas.map((each) => each.name), { placeHolder: 'Which kata?' }));
        return name === undefined ? undefined : tree.named(name);
    }
    async function open(kata) {
        const stub = await vscode.workspace.openTextDocument(kata.stub);
        await vscode.window.showTextDocument(stub, { viewColumn: vscode.ViewColumn.One });
        const readme = vscode.Uri.file(kata.readme);
        await vscode.commands.executeCommand('markdown.showPreviewToSide', readme);
        judge(kata.name);
    }
    async function next() {
        const found = await kit.json(['next']);
        const picks = found.map(({ name, why }) => ({ label: name, description: why }));
        if (picks.length === 0)
            void vscode.window.showInformationMessage('All solved, nothing is due.');
        const pick = picks.length && (await vscode.window.showQuickPick(picks));
        const kata = pick && tree.named(pick.label);
        if (kata)
            await open(kata);
    }
    async function hint(kata) {
        const text = await kit.run(['hint', kata.name]);
        const another = await vscode.window.showInformationMessage(text.trim(), 'Next hint');
        if (another)
            await hint(kata);
    }
    async function reset(kata) {
        const question = `Reset ${kata.name}? What you wrote is kept in a backup.`;
        if (await vscode.window.showWarningMessage(question, { modal: true }, 'Reset')) {
            const text = await kit.run(['reset', kata.name]);
            void vscode.window.showInformationMessage(text.trim());
            judge(kata.name);
        }
    }
    async function reveal(kata) {
        const question = `Show the answer of ${kata.name}? It will be marked as revealed.`;
        if (await vscode.window.showWarningMessage(question, { modal: true }, 'Reveal')) {
            await kit.run(['reveal', kata.name, '--yes']);
            const folder = (0, node_path_1.join)(root, 'solutions', kata.name);
            const answer = await vscode.workspace.openTextDocument((0, node_path_1.join)(folder, `${kata.name}.py`));
            await vscode.window.showTextDocument(answer, { viewColumn: vscode.ViewColumn.Beside });
            const discussion = vscode.Uri.file((0, node_path_1.join)(folder, 'discussion.md'));
            await vscode.commands.executeCommand('markdown.showPreview', discussion);
            await refresh();
        }
    }
    async function picture(kata) {
        const folder = await (0, promises_1.mkdtemp)((0, node_path_1.join)((0, node_os_1.tmpdir)(), 'kata-'));
        try {
            const page = (0, node_path_1.join)(folder, 'report.html');
            await kit.run(['test', kata.name, '--html', page], [0, 1]);
            const panel = vscode.window.createWebviewPanel('kata.report', kata.name, vscode.ViewColumn.Beside);
            panel.webview.html = await (0, promises_1.readFile)(page, 'utf8');
        }
        finally {
            await (0, promises_1.rm)(folder, { recursive: true, force: true });
        }
    }
    function interview() {
        const terminal = vscode.window.createTerminal({ name: 'Interview', cwd: root });
        terminal.show();
        terminal.sendText(`"${kit.command}" interview`);
    }
    const command = (name, action) => vscode.commands.registerCommand(`kata.${name}`, async (argument) => {
        const kata = await meant(argument);
        if (kata)
            await guarded(() => action(kata));
    });
    const plain = (name, action) => vscode.commands.registerCommand(`kata.${name}`, () => guarded(action));
    async function guarded(action) {
        try {
            await action();
        }
        catch (error) {
            void vscode.window.showErrorMessage(`LLM Katas: ${error.message}`);
        }
    }
    context.subscriptions.push(output, verdicts, watcher, tests, vscode.window.registerTreeDataProvider('kata.list', tree), vscode.languages.registerCodeLensProvider({ language: 'python' }, verdicts), vscode.window.onDidChangeVisibleTextEditors(() => verdicts.showStatus()), vscode.window.onDidChangeActiveTextEditor(() => verdicts.showStatus()), vscode.workspace.onDidSaveTextDocument((document) => {
        const kata = tree.of(document);
        if (kata)
            verdicts.wait(kata.name); // the watcher sees the save by itself
    }), plain('refresh', refresh), plain('next', next), plain('interview', interview), command('open', open), command('run', async (kata) => {
        await vscode.workspace.textDocuments.find((d) => d.uri.fsPath === kata.stub)?.save();
        judge(kata.name);
    }), command('hint', hint), command('reset', reset), command('reveal', reveal), command('picture', picture));
    watcher.start();
    await refresh();
    const opened = tree.of(vscode.window.activeTextEditor?.document);
    if (opened)
        judge(opened.name);
}
