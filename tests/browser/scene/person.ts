// One person before one page: what somebody does with hands and sees with eyes, in either language, on a desktop or a phone.
import { expect, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { inWords, phrase, type Key, type Language } from './words.ts';

/** A frame of `charsu.v1`, as far as scenes look at it. */
export interface Frame {
  readonly type: string;
  readonly id?: number;
  readonly room?: string;
  readonly text?: string;
  /** Of an error. */
  readonly code?: string;
}

export class Person {
  readonly page: Page;
  readonly language: Language;
  readonly phone: boolean;
  /** Where the server is, for this person. */
  readonly origin: string;
  /** Frames to and from the server, on all sockets of this page, in their order. */
  readonly sent: Frame[] = [];
  readonly received: Frame[] = [];
  /** Sockets that the page has opened. */
  sockets = 0;

  constructor(page: Page, { language, phone, origin }: { language: Language; phone: boolean; origin: string }) {
    this.page = page;
    this.language = language;
    this.phone = phone;
    this.origin = origin;
    page.on('websocket', (socket) => {
      this.sockets += 1;
      socket.on('framesent', ({ payload }) => this.sent.push(JSON.parse(String(payload)) as Frame));
      socket.on('framereceived', ({ payload }) => this.received.push(JSON.parse(String(payload)) as Frame));
    });
  }

  get context(): BrowserContext {
    return this.page.context();
  }

  t(key: Key): string {
    return inWords(this.language, key);
  }

  phrase(key: Key, slots: Record<string, string> = {}): RegExp {
    return phrase(this.language, key, slots);
  }

  async go(path = '/'): Promise<void> {
    await this.page.goto(this.origin + path);
  }

  button(key: Key, within: Page | Locator = this.page): Locator {
    return within.getByRole('button', { name: this.t(key), exact: true });
  }

  /** With the mouse, or with a finger. */
  async press(what: Key | Locator): Promise<void> {
    const target = typeof what === 'string' ? this.button(what) : what;
    await (this.phone ? target.tap() : target.click());
  }

  // The front pages

  get nameField(): Locator {
    return this.page.getByRole('textbox', { name: this.t('yourName') });
  }

  get codeField(): Locator {
    return this.page.getByRole('textbox', { name: this.t('roomCode') });
  }

  /** From the lobby into a new room; gives its code. */
  async openRoom(name: string): Promise<string> {
    await this.nameField.fill(name);
    await this.press('openRoom');
    await this.isInside();
    return this.code();
  }

  /** From the lobby into a room, by its code. */
  async join(code: string, name: string): Promise<void> {
    await this.nameField.fill(name);
    await this.codeField.pressSequentially(code);
    await this.isInside();
  }

  /** From a link into its room. */
  async enter(room: string, name: string): Promise<void> {
    await this.go(`/r/${room}`);
    await this.nameField.fill(name);
    await this.press('comeIn');
    await this.isInside();
  }

  async isInside(): Promise<void> {
    await expect(this.composer).toBeVisible();
    await expect(this.log).toBeVisible();
  }

  /** The code in the address. */
  code(): string {
    return /\/r\/(\d{6})$/.exec(this.page.url())?.[1] ?? '';
  }

  // A room

  get log(): Locator {
    return this.page.getByRole('log');
  }

  get composer(): Locator {
    return this.page.locator('#composer');
  }

  get typing(): Locator {
    return this.page.locator('.typing');
  }

  get banner(): Locator {
    return this.page.locator('.banner');
  }

  /** The row of a line. */
  line(text: string | RegExp): Locator {
    return this.log.locator('li.msg').filter({ has: this.page.locator('.stack').filter({ hasText: typeof text === 'string' ? new RegExp(`^${literally(text)}$`) : text }) });
  }

  /** Comings and goings, and other notes between the lines. */
  get notes(): Locator {
    return this.log.locator('li.note');
  }

  /** The texts of all lines, from top to bottom. */
  lines(): Promise<string[]> {
    return this.log.locator('li.msg .stack').allInnerTexts();
  }

  /** Writes and sends, the way one does on this device. */
  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    if (this.phone) await this.press('send');
    else await this.composer.press('Enter');
  }

  async hears(text: string): Promise<void> {
    await expect(this.line(text)).toHaveCount(1);
    await expect(this.line(text)).toBeInViewport();
  }

  /** That somebody came in. */
  async hearsOf(name: string): Promise<void> {
    await expect(this.notes.filter({ hasText: this.phrase('joined1', { a: name }) })).toBeVisible();
  }

  /** The line is the server's: it carries a number. */
  async hasSent(text: string): Promise<void> {
    await expect(this.line(text)).toHaveClass(/\bsent\b/);
  }

  /** Types until somebody sees it. One signal holds for two or three seconds, and a busy machine may look away for as long. */
  async typesBefore(other: Person, words: string): Promise<void> {
    await expect(async () => {
      await this.composer.press('t');
      await expect(other.typing).toHaveText(words, { timeout: 1_000 });
    }).toPass();
  }

  /** The list of who is here: a column, or behind a button where there is no room for one. */
  async people(): Promise<Locator> {
    const list = this.page.getByRole('list').filter({ has: this.page.locator('.person') });
    const behind = this.button('people');
    if (await behind.isVisible() && !(await list.isVisible())) await this.press(behind);
    await expect(list).toBeVisible();
    return list;
  }

  async share(): Promise<void> {
    // An empty room offers it twice.
    await this.press(this.button('share').first());
    await expect(this.page.getByRole('dialog')).toBeVisible();
  }

  async closeSheet(): Promise<void> {
    const close = this.button('close');
    if (await close.isVisible()) await this.press(close);
    await expect(this.page.getByRole('dialog')).toHaveCount(0);
  }

  /** To the list of rooms: beside the conversation, or a page of its own. */
  async rooms(): Promise<Locator> {
    const rooms = this.page.getByRole('navigation', { name: this.t('rooms') });
    if (this.phone && !(await rooms.isVisible())) await this.press(this.page.getByRole('button', { name: new RegExp(`^${literally(this.t('backToRooms'))}`) }));
    await expect(rooms).toBeVisible();
    return rooms;
  }

  /** From one room into a further one, that is made for it. */
  async openAnother(): Promise<string> {
    const before = this.code();
    await this.rooms();
    await this.press('anotherRoom');
    await this.press(this.button('openRoom', this.page.getByRole('dialog')));
    await expect(this.page).not.toHaveURL(new RegExp(`/(?:r/${before})?$`));
    await this.isInside();
    return this.code();
  }

  /** To a room that one is in. */
  async goTo(room: string): Promise<void> {
    const rooms = await this.rooms();
    await this.press(rooms.locator(`a[href="/r/${room}"]`));
    await expect(this.page).toHaveURL(new RegExp(`/r/${room}$`));
    await this.isInside();
  }

  async leave(): Promise<void> {
    if (!(await this.button('leaveRoom').isVisible())) await this.people();
    await this.press('leaveRoom');
    await this.press('leave');
  }

  /** What one can do with a line: its menu. With a mouse by the tools beside it, with a finger by a tap and the one tool there is. */
  async optionsOf(text: string): Promise<Locator> {
    const menu = this.page.getByRole('dialog', { name: this.t('lineMenu') });
    await this.tool(text, this.phone ? 'lineMenu' : 'react', menu);
    return menu;
  }

  /** Presses one of the tools beside a line, until what it leads to is there: another line may come and move them away. */
  private async tool(text: string, tool: Key, leadsTo: Locator): Promise<void> {
    await expect(async () => {
      if (await leadsTo.isVisible()) return;
      await this.reach(text);
      const button = this.button(tool, this.line(text));
      await (this.phone ? button.tap({ timeout: 2_000 }) : button.click({ timeout: 2_000 }));
      await expect(leadsTo).toBeVisible({ timeout: 2_000 });
    }).toPass({ timeout: 20_000 });
  }

  /** The tools beside a line come when one points at it. */
  async reach(text: string): Promise<void> {
    const stack = this.line(text).locator('.stack');
    if (!this.phone) return stack.hover();
    // At its edge: in the middle there may be a link, and at the top a name reaches into it.
    const { height = 16 } = await stack.boundingBox() ?? {};
    await stack.tap({ position: { x: 8, y: height - 6 } });
  }

  async react(text: string, emoji: string): Promise<void> {
    await this.press((await this.optionsOf(text)).getByRole('button', { name: emoji, exact: true }));
  }

  /** Gives a line other words. */
  async edit(text: string, words: string): Promise<void> {
    if (this.phone) await this.press(this.button('edit', await this.optionsOf(text)));
    else await this.tool(text, 'edit', this.button('cancel'));
    await expect(this.composer).toHaveValue(text);
    await expect(this.composer).toBeFocused();
    await this.composer.fill(words);
    if (this.phone) await this.press('saveChange');
    else await this.composer.press('Enter');
  }

  /** Takes a line back. */
  async remove(text: string): Promise<void> {
    const asking = this.page.getByRole('dialog', { name: this.t('deleteTitle') });
    if (this.phone) await this.press(this.button('delete', await this.optionsOf(text)));
    else await this.tool(text, 'delete', asking);
    await this.press(this.button('delete', asking));
    await expect(this.page.getByRole('dialog')).toHaveCount(0);
  }

  /** The chip of an emoji under a line. */
  reaction(text: string, emoji: string): Locator {
    return this.line(text).locator('.reaction').filter({ hasText: emoji });
  }

  /** On which side of the conversation a line stands, in the direction of this person's reading. */
  async sideOf(text: string): Promise<'start' | 'end'> {
    const centre = async (one: Locator) => {
      const box = await one.boundingBox();
      if (box === null) throw new Error(`not to be seen: ${text}`);
      return box.x + box.width / 2;
    };
    const isRight = await centre(this.line(text).locator('.body, pre').first()) > await centre(this.log);
    return isRight === (this.language === 'en') ? 'end' : 'start';
  }

  /** What the page has said so far, as the server was told. */
  said(): string[] {
    return this.sent.filter((frame) => frame.type === 'say').map((frame) => frame.text ?? '');
  }
}

export const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
