// The words of rooms and dialogs, together with those of the front pages. Loaded with the rooms: a front page that imported this
// would load them too.
import { en } from './en.ts';
import { count as countFront, countNodes as countNodesFront, learn, nodes as nodesFront, t as tFront, type Count, type CountNodes, type Nodes, type Text } from './index.ts';
import { insideEn } from './inside-en.ts';
import { insideFa } from './inside-fa.ts';

export type Words = typeof en & typeof insideEn;
export type Key = keyof Words;

learn({ en: insideEn, fa: insideFa });

export const t = tFront as unknown as Text<Words>;
export const nodes = nodesFront as unknown as Nodes<Words>;
export const count = countFront as unknown as Count<Words>;
export const countNodes = countNodesFront as unknown as CountNodes<Words>;
export { allOf, anyOf, dayTitle, daysBetween, longDay, shortWhen, span, time } from './dates.ts';
export { codeText, digits, lang, number, type CountKey, type Lang } from './index.ts';
