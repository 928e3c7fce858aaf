/** The side bar: tracks, and the katas of each with their state. */

import * as vscode from 'vscode';

import type { Kit } from './kit';
import { describe, type Kata, STATE_ICONS } from './model';

export class KataTree implements vscode.TreeDataProvider<Kata | string> {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  katas: Kata[] = [];

  constructor(private readonly kit: Kit) {}

  async refresh(): Promise<void> {
    try {
      this.katas = await this.kit.json<Kata[]>(['list']);
    } catch (error) {
      this.katas = [];
      void vscode.window.showErrorMessage(`LLM Katas: ${(error as Error).message}`);
    }
    this.changed.fire();
  }

  named(name: string): Kata | undefined {
    return this.katas.find((kata) => kata.name === name);
  }

  /** Return the kata whose stub a document is. */
  of(document: vscode.TextDocument | undefined): Kata | undefined {
    const path = document?.uri.fsPath;
    return this.katas.find((kata) => kata.stub === path);
  }

  getChildren(element?: Kata | string): (Kata | string)[] {
    if (element === undefined) return [...new Set(this.katas.map((kata) => kata.track))];
    return typeof element === 'string' ? this.katas.filter((k) => k.track === element) : [];
  }

  getTreeItem(element: Kata | string): vscode.TreeItem {
    if (typeof element === 'string') {
      const katas = this.katas.filter((kata) => kata.track === element);
      const solved = katas.filter((kata) => kata.state === 'solved').length;
      const item = new vscode.TreeItem(element, vscode.TreeItemCollapsibleState.Collapsed);
      item.id = `track ${element}`;
      item.description = `${solved} of ${katas.length}`;
      return item;
    }
    const item = new vscode.TreeItem(element.name);
    const [icon, colour] = STATE_ICONS[element.state] ?? ['circle-outline'];
    item.id = element.name;
    item.description = describe(element);
    item.tooltip = `${element.title} (${element.state})`;
    item.iconPath = new vscode.ThemeIcon(icon, colour && new vscode.ThemeColor(colour));
    item.accessibilityInformation = {
      label: `${element.name}: ${element.title}, ${element.state}, ${describe(element)}`,
    };
    item.contextValue = 'kata';
    item.command = { command: 'kata.open', title: 'Open', arguments: [element] };
    return item;
  }
}
