// The longer texts of "How it works" and "Where messages are kept", in both languages. Loaded with the rooms, not with the front page.
import type { Lang } from './index.ts';

/** A heading and what stands under it. */
type Part = readonly [title: string, text: string];

/** What depends on how the server is run. `idle`: the time an empty room lives, in words of the language. */
export interface Ways {
  newcomers: 'none' | 'recent' | 'all' | 'unknown';
  idle: string | null;
  /** On the server's disk, or in its memory alone; and for how long, where that is bounded. */
  stored: boolean;
  retention: string | null;
}

export const howItWorks: Record<Lang, readonly Part[]> = {
  en: [
    ['Open a room', 'You get six digits. There is nothing to sign up for.'],
    ['Share the code', 'Read it out, send the link, or show the square. Whoever has it can come in.'],
    ['Talk', 'To write to one person only, choose their name, or begin with `/msg` and the name. Put code between `backticks`.'],
    ['Lose nothing', 'When the network goes, keep writing. Your lines wait on this device and are sent once, in order, when it is back.'],
  ],
  fa: [
    ['اتاقی بسازید', 'شش رقم می‌گیرید. نام‌نویسی در کار نیست.'],
    ['کد را بدهید', 'بخوانیدش، لینک را بفرستید یا مربع را نشان دهید. هر که آن را دارد می‌تواند بیاید.'],
    ['گفت‌وگو کنید', 'برای نوشتن به یک نفر، نامش را برگزینید یا پیام را با `/msg` و نام او آغاز کنید. کد برنامه را میان دو بک‌تیک (`) بگذارید.'],
    ['چیزی گم نمی‌شود', 'اگر شبکه قطع شد، به نوشتن ادامه دهید. پیام‌هایتان روی همین دستگاه می‌ماند و پس از اتصال، یک بار و به ترتیب فرستاده می‌شود.'],
  ],
};

export const whereKept: Record<Lang, (ways: Ways) => readonly Part[]> = {
  en: ({ newcomers, idle, stored, retention }) => [
    [stored ? 'On this server' : 'In the memory of this server', `${stored
      ? 'What is said is stored on the server, on its disk, and a room survives a restart. Nothing is sent to anybody else.'
      : 'Nothing is written to a disk, and nothing is sent to anybody else.'} ${{
      none: 'Newcomers see only what is said after they came.', recent: 'Newcomers see the last lines that were said before them, too.',
      all: 'Newcomers see all that was said before them, too.', unknown: '',
    }[newcomers]}`],
    stored ? ['How long', `${retention === null
      ? 'What is said is kept as long as its room, and a room is kept while people come back to it.'
      : `What is said is kept for ${retention}, or until its room ends.`} What you delete or change is gone from the server at once.`]
    : ['Until the room ends', `The server keeps the last lines of a room for a short while, so that a lost connection loses nothing. The room ends ${idle ?? 'a while'} after the last person left. After that nothing is left of it.`],
    ['On this device', 'Your name, theme and language stay in this browser. Lines that wait to be sent and what you are writing stay in this tab until you close it.'],
    ['What this is not', 'Six digits are a doorbell, not a lock: anybody who has the code can come in. Whoever runs the server could read along.'],
  ],
  fa: ({ newcomers, idle, stored, retention }) => [
    [stored ? 'روی همین سرور' : 'در حافظهٔ همین سرور', `${stored
      ? 'آنچه گفته می‌شود روی دیسک سرور ذخیره می‌شود و اتاق با راه‌اندازی دوبارهٔ سرور از میان نمی‌رود. چیزی به جای دیگری فرستاده نمی‌شود.'
      : 'چیزی روی دیسک نوشته و چیزی به جای دیگری فرستاده نمی‌شود.'} ${{
      none: 'تازه‌واردها فقط آنچه را پس از آمدنشان گفته شود می‌بینند.', recent: 'تازه‌واردها آخرین پیام‌های پیش از خود را هم می‌بینند.',
      all: 'تازه‌واردها همهٔ آنچه را پیش از آمدنشان گفته شده هم می‌بینند.', unknown: '',
    }[newcomers]}`],
    stored ? ['تا کی', `${retention === null
      ? 'آنچه گفته می‌شود تا وقتی اتاق هست می‌ماند، و اتاق تا وقتی کسی به آن سر می‌زند هست.'
      : `آنچه گفته می‌شود ${retention} می‌ماند، یا تا پایان اتاق.`} آنچه پاک کنید یا تغییر دهید بی‌درنگ از سرور می‌رود.`]
    : ['تا پایان اتاق', `سرور آخرین پیام‌های اتاق را زمان کوتاهی نگه می‌دارد تا با قطع شدن اتصال چیزی گم نشود. اتاق ${idle ?? 'چندی'} پس از رفتن نفر آخر پایان می‌یابد و پس از آن چیزی از آن نمی‌ماند.`],
    ['روی این دستگاه', 'نام، پوسته و زبان در همین مرورگر می‌ماند. پیام‌های در صف و آنچه می‌نویسید در همین زبانه می‌ماند تا آن را ببندید.'],
    ['آنچه نیست', 'شش رقم زنگ در است، نه قفل: هر که کد را دارد می‌تواند بیاید. گردانندهٔ سرور می‌تواند پیام‌ها را بخواند.'],
  ],
};
