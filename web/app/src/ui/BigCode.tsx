// The six glazed tiles of a code, to be read across a room.
import { codeText, digits } from '../i18n/inside.ts';

export function BigCode({ code }: { code: string }) {
  return (
    <p class="bigcode" dir="ltr">
      <span class="vh">{codeText(code)}</span>
      {[...code].map((digit, index) => <span key={index} aria-hidden="true">{digits(digit)}</span>)}
    </p>
  );
}
