/** Katas in VS Code. Everything is judged by the `kata` command: this draws what it says. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';

import { commandIn, Kit, Watcher } from './kit';
import type { Event, Kata } from './model';
import { Tests } from './testing';
import { KataTree } from './tree';
import { Verdicts } from './verdicts';

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  if (!root) return;
  const setting = vscode.workspace.getConfiguration('kata').get<string>('command', '');
  const kit = new Kit(root, commandIn(root, setting));
  const output = vscode.window.createOutputChannel('LLM Katas');
  const tree = new KataTree(kit);
  const verdicts = new Verdicts(tree);
  const watcher = new Watcher(kit, (event) => void take(event));
  const judge = (name: string) => {
    verdicts.wait(name);
    watcher.judge(name);
  };
  const tests = new Tests(tree, judge);

  async function take(event: Event): Promise<void> {
    if (event.event === 'error') {
      output.appendLine(event.message);
      verdicts.fail(event.kata);
      tests.fail(event.kata);
    } else if (event.event === 'report') {
      await verdicts.show(event);
      await tests.take(event);
      if (!event.partial) await refresh();
    }
  }

  async function refresh(): Promise<void> {
    await tree.refresh();
    tests.refresh();
    verdicts.showStatus();
  }

  /** Return the kata that a command is about: its argument's, or that of the open stub. */
  async function meant(kata: Kata | undefined): Promise<Kata | undefined> {
    const found = kata?.name ?? tree.of(vscode.window.activeTextEditor?.document)?.name;
    const name =
      found ??
      (await vscode.window.showQuickPick(
        tree.katas.map((each) => each.name),
        { placeHolder: 'Which kata?' },
      ));
    return name === undefined ? undefined : tree.named(name);
  }

  async function open(kata: Kata): Promise<void> {
    const stub = await vscode.workspace.openTextDocument(kata.stub);
    await vscode.window.showTextDocument(stub, { viewColumn: vscode.ViewColumn.One });
    const readme = vscode.Uri.file(kata.readme);
    await vscode.commands.executeCommand('markdown.showPreviewToSide', readme);
    judge(kata.name);
  }

  async function next(): Promise<void> {
    const found = await kit.json<{ name: string; why: string }[]>(['next']);
    const picks = found.map(({ name, why }) => ({ label: name, description: why }));
    if (picks.length === 0) void vscode.window.showInformationMessage('All solved, nothing is due.');
    const pick = picks.length && (await vscode.window.showQuickPick(picks));
    const kata = pick && tree.named(pick.label);
    if (kata) await open(kata);
  }

  async function hint(kata: Kata): Promise<void> {
    const text = await kit.run(['hint', kata.name]);
    const another = await vscode.window.showInformationMessage(text.trim(), 'Next hint');
    if (another) await hint(kata);
  }

  async function reset(kata: Kata): Promise<void> {
    const question = `Reset ${kata.name}? What you wrote is kept in a backup.`;
    if (await vscode.window.showWarningMessage(question, { modal: true }, 'Reset')) {
      const text = await kit.run(['reset', kata.name]);
      void vscode.window.showInformationMessage(text.trim());
      judge(kata.name);
    }
  }

  async function reveal(kata: Kata): Promise<void> {
    const question = `Show the answer of ${kata.name}? It will be marked as revealed.`;
    if (await vscode.window.showWarningMessage(question, { modal: true }, 'Reveal')) {
      await kit.run(['reveal', kata.name, '--yes']);
      const folder = join(root as string, 'solutions', kata.name);
      const answer = await vscode.workspace.openTextDocument(join(folder, `${kata.name}.py`));
      await vscode.window.showTextDocument(answer, { viewColumn: vscode.ViewColumn.Beside });
      const discussion = vscode.Uri.file(join(folder, 'discussion.md'));
      await vscode.commands.executeCommand('markdown.showPreview', discussion);
      await refresh();
    }
  }

  async function picture(kata: Kata): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'kata-'));
    try {
      const page = join(folder, 'report.html');
      await kit.run(['test', kata.name, '--html', page], [0, 1]);
      const panel = vscode.window.createWebviewPanel(
        'kata.report',
        kata.name,
        vscode.ViewColumn.Beside,
      );
      panel.webview.html = await readFile(page, 'utf8');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  function interview(): void {
    const terminal = vscode.window.createTerminal({ name: 'Interview', cwd: root });
    terminal.show();
    terminal.sendText(`"${kit.command}" interview`);
  }

  const command = (name: string, action: (kata: Kata) => unknown) =>
    vscode.commands.registerCommand(`kata.${name}`, async (argument?: Kata) => {
      const kata = await meant(argument);
      if (kata) await guarded(() => action(kata));
    });
  const plain = (name: string, action: () => unknown) =>
    vscode.commands.registerCommand(`kata.${name}`, () => guarded(action));
  async function guarded(action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      void vscode.window.showErrorMessage(`LLM Katas: ${(error as Error).message}`);
    }
  }

  context.subscriptions.push(
    output,
    verdicts,
    watcher,
    tests,
    vscode.window.registerTreeDataProvider('kata.list', tree),
    vscode.languages.registerCodeLensProvider({ language: 'python' }, verdicts),
    vscode.window.onDidChangeVisibleTextEditors(() => verdicts.showStatus()),
    vscode.window.onDidChangeActiveTextEditor(() => verdicts.showStatus()),
    vscode.workspace.onDidSaveTextDocument((document) => {
      const kata = tree.of(document);
      if (kata) verdicts.wait(kata.name); // the watcher sees the save by itself
    }),
    plain('refresh', refresh),
    plain('next', next),
    plain('interview', interview),
    command('open', open),
    command('run', async (kata) => {
      await vscode.workspace.textDocuments.find((d) => d.uri.fsPath === kata.stub)?.save();
      judge(kata.name);
    }),
    command('hint', hint),
    command('reset', reset),
    command('reveal', reveal),
    command('picture', picture),
  );
  watcher.start();
  await refresh();
  const opened = tree.of(vscode.window.activeTextEditor?.document);
  if (opened) judge(opened.name);
}
