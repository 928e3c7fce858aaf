// Solves a kata wrong, then right, in the real editor (code-server in headless Chromium).
// `make test-editors` runs it; screenshots go to the folder that it is given.
//
//   node run.mjs PROJECT CODE_SERVER CHROMIUM SCREENSHOTS

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [project, server, browser, pictures] = process.argv.slice(2);
const PORT = 18_923;
const here = mkdtempSync(join(tmpdir(), 'kata-editor-'));
const folder = join(here, 'llm-katas');
const flags = ['--user-data-dir', join(here, 'data'), '--extensions-dir', join(here, 'extensions')];
const environment = { ...process.env, KATA_HOME: join(here, 'home') };
mkdirSync(pictures, { recursive: true });

// A copy: the stubs of whoever runs this stay as they are.
mkdirSync(folder);
for (const part of ['katas', 'solutions']) {
  cpSync(join(project, part), join(folder, part), { recursive: true });
}
symlinkSync(join(project, '.venv'), join(folder, '.venv'));
const stub = join(folder, 'katas/ndcg/ndcg.py');
const right = readFileSync(join(folder, 'solutions/ndcg/ndcg.py'), 'utf8');
const wrong = right.replace('from math import log2', 'from math import log as log2');
assert.notEqual(wrong, right, 'the mistake of this script no longer fits the reference');

mkdirSync(join(here, 'data/User'), { recursive: true });
writeFileSync(
  join(here, 'data/User/settings.json'),
  JSON.stringify({
    'workbench.startupEditor': 'none',
    'workbench.colorTheme': 'Default Light Modern',
    'workbench.tips.enabled': false,
    'chat.disableAIFeatures': true,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'extensions.ignoreRecommendations': true,
    'files.autoSave': 'off',
    // what is inserted here is a whole file
    'editor.autoIndent': 'none',
    'editor.autoClosingBrackets': 'never',
    'editor.autoClosingQuotes': 'never',
  }),
);
const vsix = join(project, '.vscode/extensions/kata/kata.vsix');
const install = spawnSync(server, [...flags, '--install-extension', vsix], { encoding: 'utf8' });
assert.equal(install.status, 0, install.stderr);

const options = ['--auth', 'none', '--bind-addr', `127.0.0.1:${PORT}`, '--disable-workspace-trust'];
const editor = spawn(server, [...flags, ...options, '--disable-telemetry', folder], {
  env: environment,
  stdio: 'ignore',
});
let page;
try {
  for (let tries = 0; tries < 120; tries++) {
    if (await fetch(`http://127.0.0.1:${PORT}/healthz`).then((r) => r.ok, () => false)) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const chrome = await chromium.launch({
    executablePath: browser,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  });
  page = await chrome.newPage({ viewport: { width: 1360, height: 820 } });
  page.setDefaultTimeout(90_000);
  const shot = (name) => page.screenshot({ path: join(pictures, `${name}.png`) });
  const seen = async (text) => {
    for (let tries = 0; tries < 60; tries++) {
      for (const frame of page.frames()) {
        if (text.test(await frame.locator('body').innerText().catch(() => ''))) return;
      }
      await page.waitForTimeout(1000);
    }
  };
  await page.goto(`http://127.0.0.1:${PORT}/?folder=${folder}`);

  await page.getByRole('tab', { name: /LLM Katas/ }).click();
  await page.getByRole('treeitem', { name: /^search/ }).click();
  await shot('list');
  await page.getByRole('treeitem', { name: /^ndcg:/ }).click();
  await page.getByText('▶ run', { exact: false }).first().waitFor();
  await page.locator('.statusbar-item', { hasText: 'ndcg' }).waitFor();
  await shot('opened');

  // Wrong: the file changes on the disk, as a save of the editor's would change it.
  writeFileSync(stub, wrong);
  await page.locator('.squiggly-error').first().waitFor();
  await page.locator('.statusbar-item', { hasText: /ndcg \d/ }).waitFor();
  await seen(/What to build/); // the question, in a frame of its own
  const hover = page.locator('.monaco-hover', { hasText: 'diagnosis' });
  for (let tries = 0; tries < 20 && !(await hover.isVisible()); tries++) {
    await page.mouse.move(600, 700);
    await page.waitForTimeout(500);
    await page.locator('.squiggly-error').first().hover({ force: true });
    await page.waitForTimeout(1500);
  }
  await hover.waitFor();
  await shot('wrong');

  // From a save in the editor to the new verdict.
  await page.keyboard.press('Escape');
  const times = [];
  for (const [text, state] of [[right, 'hidden'], [wrong, 'visible'], [right, 'hidden']]) {
    await page.mouse.click(600, 440);
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete'); // else a quote that is typed surrounds what is selected
    await page.keyboard.insertText(text);
    await page.keyboard.press('Control+Home'); // squiggles are drawn where one looks
    await page.waitForTimeout(1000);
    const start = Date.now();
    await page.keyboard.press('Control+S');
    await page.locator('.squiggly-error').first().waitFor({ state });
    times.push(Date.now() - start);
    await page.waitForTimeout(1500);
  }
  console.log(`save to verdict: ${times.map((time) => `${time} ms`).join(', ')}`);
  await page.locator('.statusbar-item', { hasText: 'ndcg 12/12' }).waitFor();
  await shot('right');

  await page.getByRole('tab', { name: /^Testing/ }).click();
  await page.keyboard.type('ndcg');
  const tests = page.locator('.test-explorer');
  await tests.locator('.monaco-list-row', { hasText: 'ndcg' }).first().click();
  await page.keyboard.press('ArrowRight');
  await tests.locator('.monaco-list-row', { hasText: 'dcg of three places' }).waitFor();
  await shot('tests');
  await chrome.close();
  console.log(`screenshots are in ${pictures}`);
} catch (error) {
  await page?.screenshot({ path: join(pictures, 'failed.png') });
  throw error;
} finally {
  editor.kill();
  await new Promise((resolve) => editor.once('exit', resolve));
  rmSync(here, { recursive: true, force: true });
}
