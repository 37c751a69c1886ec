// Who is writing. The line keeps its height when nobody is, so that nothing jumps; it is not read out.
import type { Person } from '../../../client/src/index.ts';
import { nodes, t } from '../i18n/inside.ts';

export function TypingLine({ people }: { people: readonly Person[] }) {
  const [a, b] = people.map((one) => one.name || t('someone'));
  return (
    <p class="typing">
      {a !== undefined && (
        <>
          <span class="dots" aria-hidden="true"><i /><i /><i /></span>
          <span>{people.length > 2 ? t('typingMany') : b === undefined ? nodes('typing1', { a }) : nodes('typing2', { a, b })}</span>
        </>
      )}
    </p>
  );
}
