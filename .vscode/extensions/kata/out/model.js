"use strict";
/** What `kata … --json` says, and what of it is drawn where. Nothing here knows VS Code. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.STATE_ICONS = exports.describe = exports.statusText = exports.number = exports.failed = void 0;
exports.sentence = sentence;
exports.taskPlaces = taskPlaces;
exports.explain = explain;
exports.problems = problems;
exports.taskPoints = taskPoints;
const failed = (verdict) => !['passed', 'skipped', 'unimplemented'].includes(verdict.verdict);
exports.failed = failed;
/** The test's name as the sentence that is false when it fails. */
function sentence(test) {
    const [name, ...rest] = test.split('[');
    const words = name.replace(/^test_/, '').replaceAll('_', ' ');
    return rest.length ? `${words} [${rest.join('[')}` : words;
}
/** Points as people write them: 7, 2.5. */
const number = (value) => String(Math.round(value * 100) / 100);
exports.number = number;
/** Where the name of each task stands in a stub; a task that is not defined has no place. */
function taskPlaces(text, tasks) {
    const wanted = new Set(tasks);
    const found = new Map();
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
function explain(verdict) {
    const parts = [sentence(verdict.test)];
    if (verdict.message)
        parts.push(verdict.message);
    if (verdict.diagnosis) {
        parts.push(`diagnosis: your result is exactly what you get when ${verdict.diagnosis}`);
    }
    if (verdict.hint)
        parts.push(`hint: ${verdict.hint}`);
    return parts.join('\n\n');
}
/** One problem for each cause of failure in a task: what has the same cause is counted. */
function problems(report, text, tasks) {
    const places = taskPlaces(text, tasks);
    const causes = new Map();
    for (const verdict of report.verdicts.filter(exports.failed)) {
        const cause = verdict.misconception ?? (verdict.line ? `line ${verdict.line}` : verdict.test);
        const key = [verdict.task, verdict.verdict, cause].join('\0');
        causes.set(key, [...(causes.get(key) ?? []), verdict]);
    }
    return [...causes.values()].map(([first, ...others]) => {
        const place = places.get(first.task ?? '') ?? { line: 0, start: 0, end: 1 };
        const more = others.map((other) => `\n  ${sentence(other.test)}`).join('');
        const problem = {
            ...place,
            code: first.misconception ?? first.verdict,
            message: explain(first) + (more && `\n\nfor the same reason:${more}`),
        };
        const raised = first.line ? first.line - 1 : place.line;
        return raised === place.line ? problem : { ...problem, raisedAt: raised };
    });
}
/** What each task got, of what it is worth, as the report says. */
function taskPoints(report) {
    const points = new Map();
    for (const verdict of report.verdicts) {
        if (!verdict.task)
            continue;
        const [got, worth] = points.get(verdict.task) ?? [0, 0];
        points.set(verdict.task, [got + verdict.points, worth + verdict.max_points]);
    }
    return points;
}
const statusText = (report) => `${report.kata} ${(0, exports.number)(report.points)}/${(0, exports.number)(report.max_points)}`;
exports.statusText = statusText;
const describe = (kata) => {
    const points = kata.points > 0 ? `, ${(0, exports.number)(kata.points)}/${(0, exports.number)(kata.max_points)}` : '';
    return `${kata.difficulty}, ${kata.minutes} min${points}`;
};
exports.describe = describe;
/** The icon of a kata's state, by its name among VS Code's own. */
exports.STATE_ICONS = {
    open: ['circle-outline'],
    tried: ['circle-large-filled', 'charts.yellow'],
    solved: ['pass-filled', 'testing.iconPassed'],
    revealed: ['eye'],
    due: ['history', 'charts.orange'],
};
