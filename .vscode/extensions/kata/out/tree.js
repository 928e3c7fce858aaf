"use strict";
/** The side bar: tracks, and the katas of each with their state. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.KataTree = void 0;
const vscode = require("vscode");
const model_1 = require("./model");
class KataTree {
    kit;
    changed = new vscode.EventEmitter();
    onDidChangeTreeData = this.changed.event;
    katas = [];
    constructor(kit) {
        this.kit = kit;
    }
    async refresh() {
        try {
            this.katas = await this.kit.json(['list']);
        }
        catch (error) {
            this.katas = [];
            void vscode.window.showErrorMessage(`LLM Katas: ${error.message}`);
        }
        this.changed.fire();
    }
    named(name) {
        return this.katas.find((kata) => kata.name === name);
    }
    /** Return the kata whose stub a document is. */
    of(document) {
        const path = document?.uri.fsPath;
        return this.katas.find((kata) => kata.stub === path);
    }
    getChildren(element) {
        if (element === undefined)
            return [...new Set(this.katas.map((kata) => kata.track))];
        return typeof element === 'string' ? this.katas.filter((k) => k.track === element) : [];
    }
    getTreeItem(element) {
        if (typeof element === 'string') {
            const katas = this.katas.filter((kata) => kata.track === element);
            const solved = katas.filter((kata) => kata.state === 'solved').length;
            const item = new vscode.TreeItem(element, vscode.TreeItemCollapsibleState.Collapsed);
            item.id = `track ${element}`;
            item.description = `${solved} of ${katas.length}`;
            return item;
        }
        const item = new vscode.TreeItem(element.name);
        const [icon, colour] = model_1.STATE_ICONS[element.state] ?? ['circle-outline'];
        item.id = element.name;
        item.description = (0, model_1.describe)(element);
        item.tooltip = `${element.title} (${element.state})`;
        item.iconPath = new vscode.ThemeIcon(icon, colour && new vscode.ThemeColor(colour));
        item.accessibilityInformation = {
            label: `${element.name}: ${element.title}, ${element.state}, ${(0, model_1.describe)(element)}`,
        };
        item.contextValue = 'kata';
        item.command = { command: 'kata.open', title: 'Open', arguments: [element] };
        return item;
    }
}
exports.KataTree = KataTree;
