// A six-digit code out of whatever was typed or pasted. Pure.

/** Persian and Arabic digits as ASCII. `Number('۴')` is NaN, and no normalisation folds them. */
export function asciiDigits(text: string): string {
  return text.replace(/[\u06F0-\u06F9\u0660-\u0669]/g, (digit) => String((digit.codePointAt(0) ?? 0) & 0xf));
}

/** Up to six digits of a text: "408 213", "408-213", «۴۰۸۲۱۳», with marks of direction, or a whole link. Leading zeros count. */
export function codeDigits(text: string): string {
  const ascii = asciiDigits(text);
  const linked = roomInLink(ascii);
  if (linked !== null && /^\d{6}$/.test(linked)) return linked;
  return ascii.replace(/\D/g, '').slice(0, 6);
}

/** The room that a pasted link names, or null. */
export function roomInLink(text: string): string | null {
  const found = /\/r\/([^/?#\s]+)/.exec(text)?.[1];
  if (found === undefined) return null;
  try {
    return decodeURIComponent(found);
  } catch {
    return null;
  }
}

/** A room name as written in an address, folded to its code if it is one: `/r/408-213` and `/r/۴۰۸۲۱۳` are `/r/408213`. */
export function roomName(written: string): string {
  const ascii = asciiDigits(written);
  const digits = ascii.replace(/[\s\u200E\u200F\u2066-\u2069-]/g, '');
  return /^\d{6}$/.test(digits) ? digits : written;
}
