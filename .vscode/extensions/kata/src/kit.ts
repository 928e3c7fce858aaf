/** The `kata` command: where it is, one call of it, and the process that stays warm. */

import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { Event } from './model';

const LONGEST_OUTPUT = 64 << 20;
const RESTART_MS = 1000;
/** A process that ends so soon after its start would only end again. */
const SHORTEST_RUN_MS = 5000;

/** Return the command of a project: the one that is set, that of its `.venv`, or the path's. */
export function commandIn(root: string, setting: string): string {
  if (setting) return setting;
  const places = [join(root, '.venv', 'bin', 'kata'), join(root, '.venv', 'Scripts', 'kata.exe')];
  return places.find(existsSync) ?? 'kata';
}

export class Kit {
  constructor(
    readonly root: string,
    readonly command: string,
  ) {}

  /** Run `kata` and return what it prints; its own message is the error's. */
  run(args: string[], accepted: number[] = [0]): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { cwd: this.root, maxBuffer: LONGEST_OUTPUT, env: plainEnvironment() };
      execFile(this.command, args, options, (error, stdout, stderr) => {
        const code = error ? (error as { code?: number | string }).code : 0;
        if (typeof code === 'number' && accepted.includes(code)) resolve(stdout);
        else if (code === 'ENOENT') reject(new Error(`${this.command} is not here: run make start`));
        else reject(new Error(stderr.trim().replace(/^kata: /, '') || String(error?.message)));
      });
    });
  }

  async json<T>(args: string[], accepted: number[] = [0]): Promise<T> {
    return JSON.parse(await this.run([...args, '--json'], accepted)) as T;
  }
}

/** `kata watch --json`: told of every save by the file system, it judges and reports. */
export class Watcher {
  private process?: ChildProcessWithoutNullStreams;
  private ended = false;

  constructor(
    private readonly kit: Kit,
    private readonly tell: (event: Event) => void,
  ) {}

  start(): void {
    const started = Date.now();
    const process = spawn(this.kit.command, ['watch', '--json'], {
      cwd: this.kit.root,
      env: plainEnvironment(),
    });
    this.process = process;
    let complaint = '';
    process.stderr.on('data', (data) => (complaint = String(data).slice(-2000)));
    process.stdin.on('error', () => {}); // it has ended: the next line says so
    process.on('error', (error) => this.tell({ event: 'error', message: error.message }));
    process.on('close', (code) => {
      if (this.ended || this.process !== process) return;
      this.process = undefined;
      const why = complaint.trim() || `kata watch ended with ${code}`;
      this.tell({ event: 'error', message: why });
      if (Date.now() - started > SHORTEST_RUN_MS) setTimeout(() => this.start(), RESTART_MS);
    });
    createInterface({ input: process.stdout }).on('line', (line) => {
      try {
        this.tell(JSON.parse(line) as Event);
      } catch {
        // what a stub prints while it is imported is no event
      }
    });
  }

  /** Judge a kata's stub as it lies on the disk. */
  judge(name: string): void {
    if (this.ended) return;
    if (!this.process) this.start();
    this.process?.stdin.write(`${JSON.stringify({ judge: name })}\n`);
  }

  dispose(): void {
    this.ended = true;
    this.process?.stdin.end(`${JSON.stringify({ stop: true })}\n`);
    this.process?.kill();
  }
}

/** What the editor sets for its own processes is nothing to Python's. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8', NO_COLOR: '1' };
}
