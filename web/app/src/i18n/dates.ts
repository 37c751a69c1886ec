// Dates and lists in the chosen language. Persian dates are of the Jalali calendar.
import { isolated, lang, locale } from './index.ts';
import { insideEn } from './inside-en.ts';
import { insideFa } from './inside-fa.ts';

const DAY_MS = 86_400_000;

// Making a format costs far more than using it, and every row shows a time.
const formats = new Map<string, Intl.DateTimeFormat>();

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${locale()} ${JSON.stringify(options)}`;
  const made = formats.get(name) ?? new Intl.DateTimeFormat(locale(), options);
  formats.set(name, made);
  return made;
}

export function time(at: number): string {
  return dates({ hour: 'numeric', minute: '2-digit' }).format(at);
}

/** Whole days between two moments, by the local calendar. */
export function daysBetween(from: number, to: number): number {
  const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);
  return Math.round((midnight(to) - midnight(from)) / DAY_MS);
}

/** "Sunday 22 November", «یکشنبه ۱ آذر»; with the year if it is another one. */
export function longDay(at: number, now: number): string {
  if (lang.value === 'en') {
    const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
    return dates({ weekday: 'long', day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }) }).format(at);
  }
  // From parts: `dateStyle: 'full'` puts Persian dates in the wrong order, with a Latin comma.
  const part = (moment: number, type: Intl.DateTimeFormatPartTypes) =>
    dates({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).formatToParts(moment).find((one) => one.type === type)?.value ?? '';
  const year = part(at, 'year') === part(now, 'year') ? '' : ` ${part(at, 'year')}`;
  return `${part(at, 'weekday')} ${part(at, 'day')} ${part(at, 'month')}${year}`;
}

/** The day over a stretch of messages. */
export function dayTitle(at: number, now: number): string {
  const ago = daysBetween(at, now);
  const day = longDay(at, now);
  const words = lang.value === 'fa' ? insideFa : insideEn;
  if (ago === 0) return words.today.replace('{day}', day);
  if (ago === 1) return words.yesterday.replace('{day}', day);
  return day;
}

/** When a room was last written in: the time today, the weekday this week, else day and month. */
export function shortWhen(at: number, now: number): string {
  const ago = daysBetween(at, now);
  if (ago <= 0) return time(at);
  if (ago < 7) return dates({ weekday: 'short' }).format(at);
  return dates({ day: 'numeric', month: 'short' }).format(at);
}

/** "10 minutes", «۱۰ دقیقه»: in the largest unit that tells it without a fraction. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [n, unit] = seconds % 86_400 === 0 && seconds > 86_400 ? [seconds / 86_400, 'day'] : seconds % 3600 === 0 ? [seconds / 3600, 'hour'] : seconds % 60 === 0 ? [seconds / 60, 'minute'] : [seconds, 'second'];
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long' }).format(n);
}

/** "a, b and c", for names. */
export function allOf(names: readonly string[]): string {
  return new Intl.ListFormat(locale(), { type: 'conjunction' }).format(names.map(isolated));
}

/** "a, b or c", for names. */
export function anyOf(names: readonly string[]): string {
  return new Intl.ListFormat(locale(), { type: 'disjunction' }).format(names.map(isolated));
}
