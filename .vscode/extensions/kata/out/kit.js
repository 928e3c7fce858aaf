"use strict";
/** The `kata` command: where it is, one call of it, and the process that stays warm. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.Watcher = exports.Kit = void 0;
exports.commandIn = commandIn;
const node_child_process_1 = require("node:child_process");
const node_fs_1 = require("node:fs");
const node_path_1 = require("node:path");
const node_readline_1 = require("node:readline");
const LONGEST_OUTPUT = 64 << 20;
const RESTART_MS = 1000;
/** A process that ends so soon after its start would only end again. */
const SHORTEST_RUN_MS = 5000;
/** Return the command of a project: the one that is set, that of its `.venv`, or the path's. */
function commandIn(root, setting) {
    if (setting)
        return setting;
    const places = [(0, node_path_1.join)(root, '.venv', 'bin', 'kata'), (0, node_path_1.join)(root, '.venv', 'Scripts', 'kata.exe')];
    return places.find(node_fs_1.existsSync) ?? 'kata';
}
class Kit {
    root;
    command;
    constructor(root, command) {
        this.root = root;
        this.command = command;
    }
    /** Run `kata` and return what it prints; its own message is the error's. */
    run(args, accepted = [0]) {
        return new Promise((resolve, reject) => {
            const options = { cwd: this.root, maxBuffer: LONGEST_OUTPUT, env: plainEnvironment() };
            (0, node_child_process_1.execFile)(this.command, args, options, (error, stdout, stderr) => {
                const code = error ? error.code : 0;
                if (typeof code === 'number' && accepted.includes(code))
                    resolve(stdout);
                else if (code === 'ENOENT')
                    reject(new Error(`${this.command} is not here: run make start`));
                else
                    reject(new Error(stderr.trim().replace(/^kata: /, '') || String(error?.message)));
            });
        });
    }
    async json(args, accepted = [0]) {
        return JSON.parse(await this.run([...args, '--json'], accepted));
    }
}
exports.Kit = Kit;
/** `kata watch --json`: told of every save by the file system, it judges and reports. */
class Watcher {
    kit;
    tell;
    process;
    ended = false;
    constructor(kit, tell) {
        this.kit = kit;
        this.tell = tell;
    }
    start() {
        const started = Date.now();
        const process = (0, node_child_process_1.spawn)(this.kit.command, ['watch', '--json'], {
            cwd: this.kit.root,
            env: plainEnvironment(),
        });
        this.process = process;
        let complaint = '';
        process.stderr.on('data', (data) => (complaint = String(data).slice(-2000)));
        process.stdin.on('error', () => { }); // it has ended: the next line says so
        process.on('error', (error) => this.tell({ event: 'error', message: error.message }));
        process.on('close', (code) => {
            if (this.ended || this.process !== process)
                return;
            this.process = undefined;
            const why = complaint.trim() || `kata watch ended with ${code}`;
            this.tell({ event: 'error', message: why });
            if (Date.now() - started > SHORTEST_RUN_MS)
                setTimeout(() => this.start(), RESTART_MS);
        });
        (0, node_readline_1.createInterface)({ input: process.stdout }).on('line', (line) => {
            try {
                this.tell(JSON.parse(line));
            }
            catch {
                // what a stub prints while it is imported is no event
            }
        });
    }
    /** Judge a kata's stub as it lies on the disk. */
    judge(name) {
        if (this.ended)
            return;
        if (!this.process)
            this.start();
        this.process?.stdin.write(`${JSON.stringify({ judge: name })}\n`);
    }
    dispose() {
        this.ended = true;
        this.process?.stdin.end(`${JSON.stringify({ stop: true })}\n`);
        this.process?.kill();
    }
}
exports.Watcher = Watcher;
/** What the editor sets for its own processes is nothing to Python's. */
function plainEnvironment() {
    return { ...process.env, PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8', NO_COLOR: '1' };
}
