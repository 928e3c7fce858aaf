/** What `kata … --json` says, and what of it is drawn where. Nothing here knows VS Code. */

export interface Kata {
  name: string;
  title: string;
  track: string;
  difficulty: string;
  minutes: number;
  points: number;
  max_points: number;
  state: string;
  tasks: Record<string, number>;
  folder: string;
  stub: string;
  readme: string;
}

export interface Verdict {
  test: string;
  task: string | null;
  verdict: string;
  points: number;
  max_points: number;
  message: string | null;
  hint: string | null;
  misconception: string | null;
  diagnosis: string | null;
  file: string | null;
  line: number | null;
  seconds: number;
}

export interface Report {
  kata: string;
  points: number;
  max_points: number;
  seconds: number;
  verdicts: Verdict[];
  /** Only the tasks that changed were judged so far; the whole report follows. */
  partial?: boolean;
}

export type Event =
  | { event: 'ready' }
  | ({ event: 'report' } & Report)
  | { event: 'error'; kata?: string; message: string };

export interface Place {
  line: number;
  start: number;
  end: number;
}

/** A squiggle: where, what it says, and the line of the learner's own code that raised. */
export interface Problem extends Place {
  message: string;
  code: string;
  raisedAt?: number;
}

export const failed = (verdict: Verdict): boolean =>
  !['passed', 'skipped', 'unimplemented'].includes(verdict.verdict);

/** The test's name as the sentence that is false when it fails. */
export function sentence(test: string): string {
  const [name, ...rest] = test.split('[');
  const words = name.replace(/^test_/, '').replaceAll('_', ' ');
  return rest.length ? `${words} [${rest.join('[')}` : words;
}

/** Points as people write them: 7, 2.5. */
export const number = (value: number): string => String(Math.round(value * 100) / 100);

/** Where the name of each task stands in a stub; a task that is not defined has no place. */
export function taskPlaces(text: string, tasks: Iterable<string>): Map<string, Place> {
  const wanted = new Set(tasks);
  const found = new Map<string, Place>();
  text.split(/\r?\n/).forEach((source, line) => {
    const match = /^(?:async\s+def|def|class)\s+([\p{L}_][\p{L}\p{N}_]*)/u.exec(source);
    if (match && wanted.has(match[1])) {
      const start = match[0].length - match[1].length;
      found.set(match[1], { line, start, end: match[0].length });
    }
  });
  return found;
}

/** What a learner reads about one failed test: what differs, the diagnosis, the hint. */
export function explain(verdict: Verdict): string {
  const parts = [sentence(verdict.test)];
  if (verdict.message) parts.push(verdict.message);
  if (verdict.diagnosis) {
    parts.push(`diagnosis: your result is exactly what you get when ${verdict.diagnosis}`);
  }
  if (verdict.hint) parts.push(`hint: ${verdict.hint}`);
  return parts.join('\n\n');
}

/** One problem for each cause of failure in a task: what has the same cause is counted. */
export function problems(report: Report, text: string, tasks: Iterable<string>): Problem[] {
  const places = taskPlaces(text, tasks);
  const causes = new Map<string, Verdict[]>();
  for (const verdict of report.verdicts.filter(failed)) {
    const cause = verdict.misconception ?? (verdict.line ? `line ${verdict.line}` : verdict.test);
    const key = [verdict.task, verdict.verdict, cause].join('\0');
    causes.set(key, [...(causes.get(key) ?? []), verdict]);
  }
  return [...causes.values()].map(([first, ...others]) => {
    const place = places.get(first.task ?? '') ?? { line: 0, start: 0, end: 1 };
    const more = others.map((other) => `\n  ${sentence(other.test)}`).join('');
    const problem: Problem = {
      ...place,
      code: first.misconception ?? first.verdict,
      message: explain(first) + (more && `\n\nfor the same reason:${more}`),
    };
    const raised = first.line ? first.line - 1 : place.line;
    return raised === place.line ? problem : { ...problem, raisedAt: raised };
  });
}

/** What each task got, of what it is worth, as the report says. */
export function taskPoints(report: Report): Map<string, [got: number, worth: number]> {
  const points = new Map<string, [number, number]>();
  for (const verdict of report.verdicts) {
    if (!verdict.task) continue;
    const [got, worth] = points.get(verdict.task) ?? [0, 0];
    points.set(verdict.task, [got + verdict.points, worth + verdict.max_points]);
  }
  return points;
}

export const statusText = (report: Report): string =>
  `${report.kata} ${number(report.points)}/${number(report.max_points)}`;

export const describe = (kata: Kata): string => {
  const points = kata.points > 0 ? `, ${number(kata.points)}/${number(kata.max_points)}` : '';
  return `${kata.difficulty}, ${kata.minutes} min${points}`;
};

/** The icon of a kata's state, by its name among VS Code's own. */
export const STATE_ICONS: Record<string, [icon: string, colour?: string]> = {
  open: ['circle-outline'],
  tried: ['circle-large-filled', 'charts.yellow'],
  solved: ['pass-filled', 'testing.iconPassed'],
  revealed: ['eye'],
  due: ['history', 'charts.orange'],
};
