import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import kit from '../out/kit.js';

/** A project whose `kata` is this script of node's. */
function project(script) {
  const root = mkdtempSync(join(tmpdir(), 'kata-'));
  mkdirSync(join(root, '.venv/bin'), { recursive: true });
  const command = join(root, '.venv/bin/kata');
  writeFileSync(command, `#!${process.execPath}\n${script}\n`);
  chmodSync(command, 0o755);
  return new kit.Kit(root, kit.commandIn(root, ''));
}

test('the command is the one that is set, or of the .venv, or of the path', () => {
  const { root, command } = project('');
  assert.equal(kit.commandIn(root, 'mine'), 'mine');
  assert.equal(command, join(root, '.venv/bin/kata'));
  assert.equal(kit.commandIn(tmpdir(), ''), 'kata');
});

test('JSON is read, and the message of a failure is that of the command', async () => {
  const good = project('console.log(JSON.stringify(process.argv.slice(2)))');
  assert.deepEqual(await good.json(['list']), ['list', '--json']);
  const bad = project('console.error("kata: no such kata"); process.exit(2)');
  await assert.rejects(bad.run(['show', 'x']), /^Error: no such kata$/);
  assert.equal(await project('process.exit(1)').run(['test'], [0, 1]), '');
  await assert.rejects(new kit.Kit(tmpdir(), 'no-such-command').run([]), /run make start/);
});

test('a watcher reports, judges when it is asked to, and says how it ended', async () => {
  const script = `
    console.log(JSON.stringify({ event: 'ready' }));
    console.log('what a stub prints');
    require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { judge } = JSON.parse(line);
      console.log(JSON.stringify({ event: 'report', kata: judge }));
      console.error('it fell');
      process.exit(3);
    });`;
  const events = [];
  await new Promise((resolve) => {
    const watcher = new kit.Watcher(project(script), (event) => {
      events.push(event);
      if (event.event === 'error') {
        watcher.dispose();
        resolve();
      }
    });
    watcher.judge('mean');
  });
  assert.deepEqual(events, [
    { event: 'ready' },
    { event: 'report', kata: 'mean' },
    { event: 'error', message: 'it fell' },
  ]);
});
