/** Verdicts in the editor: squiggles, code lenses and the status bar. */

import * as vscode from 'vscode';

import { number, problems, type Report, statusText, taskPlaces, taskPoints } from './model';
import type { KataTree } from './tree';

export class Verdicts implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changed.event;
  private readonly diagnostics = vscode.languages.createDiagnosticCollection('kata');
  private readonly status = vscode.window.createStatusBarItem(vscode.StatusBarAlignment.Left, 10);
  private readonly reports = new Map<string, Report>();
  private waiting?: string;

  constructor(private readonly tree: KataTree) {
    this.status.command = 'kata.picture';
  }

  /** Say in the status bar that a kata is being judged. */
  wait(name: string): void {
    this.waiting = name;
    this.showStatus();
  }

  async show(report: Report): Promise<void> {
    const kata = this.tree.named(report.kata);
    if (!kata) return;
    const uri = vscode.Uri.file(kata.stub);
    const text = (await vscode.workspace.openTextDocument(uri)).getText();
    const found = problems(report, text, Object.keys(kata.tasks)).map((problem) => {
      const range = new vscode.Range(problem.line, problem.start, problem.line, problem.end);
      const one = new vscode.Diagnostic(range, problem.message, vscode.DiagnosticSeverity.Error);
      one.source = 'kata';
      one.code = problem.code;
      if (problem.raisedAt !== undefined) {
        const line = new vscode.Position(problem.raisedAt, 0);
        const place = new vscode.Location(uri, line);
        one.relatedInformation = [new vscode.DiagnosticRelatedInformation(place, 'here')];
      }
      return one;
    });
    this.diagnostics.set(uri, found);
    if (!report.partial) {
      this.reports.set(report.kata, report);
      if (this.waiting === report.kata) this.waiting = undefined;
      this.showStatus();
      this.changed.fire();
    }
  }

  /** Forget what is known of a kata: it could not be judged. */
  fail(name: string | undefined): void {
    if (name === undefined || this.waiting === name) this.waiting = undefined;
    this.showStatus();
  }

  showStatus(): void {
    const open = [vscode.window.activeTextEditor, ...vscode.window.visibleTextEditors];
    const kata = open.map((editor) => this.tree.of(editor?.document)).find(Boolean);
    const report = kata && this.reports.get(kata.name);
    if (!kata) {
      this.status.hide();
      return;
    }
    const busy = this.waiting === kata.name;
    const points = report ? statusText(report) : `${kata.name} –/${number(kata.max_points)}`;
    const solved = report && report.points >= report.max_points;
    this.status.text = `$(${busy ? 'sync~spin' : solved ? 'pass-filled' : 'checklist'}) ${points}`;
    this.status.tooltip = `${kata.title}: show the report`;
    this.status.show();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const kata = this.tree.of(document);
    if (!kata) return [];
    const report = this.reports.get(kata.name);
    const points = report ? taskPoints(report) : new Map<string, [number, number]>();
    const lenses: vscode.CodeLens[] = [];
    for (const [task, place] of taskPlaces(document.getText(), Object.keys(kata.tasks))) {
      const range = new vscode.Range(place.line, 0, place.line, 0);
      const [got, worth] = points.get(task) ?? [undefined, kata.tasks[task]];
      const score = got === undefined ? number(worth) : `${number(got)}/${number(worth)}`;
      const add = (title: string, command: string) =>
        lenses.push(new vscode.CodeLens(range, { title, command, arguments: [kata] }));
      add(`▶ run (${score})`, 'kata.run');
      add('hint', 'kata.hint');
      add('reset', 'kata.reset');
    }
    return lenses;
  }

  dispose(): void {
    this.diagnostics.dispose();
    this.status.dispose();
  }
}
