// The part of the page that is loaded after the front: once, early, and again if the network was away.
import type { FunctionComponent } from 'preact';
import { signal } from '@preact/signals';

interface Loading {
  Inside: FunctionComponent<{ page: boolean; room: string | null }> | null;
  failed: boolean;
}

export const inside = signal<Loading>({ Inside: null, failed: false });

let asked = false;

export function loadInside(): void {
  if (asked) return;
  asked = true;
  inside.value = { Inside: null, failed: false };
  import('../ui/Inside.tsx').then(
    ({ Inside }) => { inside.value = { Inside, failed: false }; },
    () => {
      asked = false;
      inside.value = { Inside: null, failed: true };
    },
  );
}
