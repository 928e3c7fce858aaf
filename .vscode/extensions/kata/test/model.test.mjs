import assert from 'node:assert/strict';
import { test } from 'node:test';

import model from '../out/model.js';

const STUB = `import numpy as np


def mean(values):
    return sum(values) / 3


class Meter:
    def mean(self):
        raise NotImplementedError
`;

const verdict = (given) => ({
  test: 'test_one', task: 'mean', verdict: 'passed', points: 0, max_points: 1, message: null,
  hint: null, misconception: null, diagnosis: null, file: null, line: null, seconds: 0, ...given,
});
const report = (...verdicts) => ({ kata: 'mean', points: 1.5, max_points: 3, seconds: 0, verdicts });

test('the places of tasks are those of their names at the top level', () => {
  const places = model.taskPlaces(STUB, ['mean', 'Meter', 'missing']);
  assert.deepEqual(Object.fromEntries(places), {
    mean: { line: 3, start: 4, end: 8 },
    Meter: { line: 7, start: 6, end: 11 },
  });
});

test('a failure is told once for each cause, on the name of its function', () => {
  const wrong = { verdict: 'wrong', misconception: 'by_three', diagnosis: 'it is divided by 3' };
  const found = model.problems(
    report(
      verdict({ test: 'test_of_two[2]', ...wrong, message: 'expected 1', hint: 'How many?' }),
      verdict({ test: 'test_of_four', ...wrong }),
      verdict({ test: 'test_passes' }),
      verdict({ test: 'test_later', task: 'Meter', verdict: 'unimplemented' }),
    ),
    STUB,
    ['mean', 'Meter'],
  );
  assert.equal(found.length, 1);
  assert.deepEqual([found[0].line, found[0].start, found[0].end], [3, 4, 8]);
  assert.equal(found[0].code, 'by_three');
  assert.equal(
    found[0].message,
    'of two [2]\n\nexpected 1\n\n' +
      'diagnosis: your result is exactly what you get when it is divided by 3\n\n' +
      'hint: How many?\n\nfor the same reason:\n  of four',
  );
});

test('what was raised points to its line too', () => {
  const raised = verdict({ verdict: 'raised', message: 'your code raised', file: 'a.py', line: 5 });
  const [problem] = model.problems(report(raised), STUB, ['mean']);
  assert.equal(problem.line, 3);
  assert.equal(problem.raisedAt, 4);
});

test('a task that is not defined is told at the top of the file', () => {
  const [problem] = model.problems(report(verdict({ task: 'gone', verdict: 'wrong' })), STUB, []);
  assert.equal(problem.line, 0);
});

test('points are written as people do', () => {
  assert.equal(model.statusText(report()), 'mean 1.5/3');
  assert.equal(model.number(2), '2');
  assert.equal(model.number(1 / 3), '0.33');
  const points = model.taskPoints(report(verdict({ points: 1 }), verdict({}), verdict({ task: null })));
  assert.deepEqual([...points], [['mean', [1, 2]]]);
});
