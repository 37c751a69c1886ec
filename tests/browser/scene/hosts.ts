// Names that the tests' browsers find on this machine. To a browser they are hosts like any other: not loopback, and over plain
// http no secure context.

/** The server, as a classroom reaches it. */
export const LAN = 'charsu.lan';
/** Somebody else's site. */
export const ELSEWHERE = 'elsewhere.lan';

export const LAN_HOSTS: readonly string[] = [LAN, ELSEWHERE];
