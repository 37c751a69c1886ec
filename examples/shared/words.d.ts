export const server: string;
export function banner(link: { state: string }): string;
export function mark(state: string): string;
export function typing(people: readonly { name: string }[]): string;
export function note(line: { kind: string; person?: { name: string } }): string;
