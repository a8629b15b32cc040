import type { BrowserContext, Locator, Page, Request } from '@playwright/test';
import type { FakeHost } from './fake-host.ts';

/** What a person can activate. */
const controls = [
  'button:not(:disabled)',
  'a[href]',
  '[role=menuitem]',
  '[role=menuitemradio]',
  '[role=tab]',
  '[role=option]',
  '[role=separator][tabindex]',
  'select',
  'input',
].join(',');

/** What opens above the page and holds controls of its own. */
const overlays = '[role=menu],[role=dialog],[role=alertdialog]';

/** Calls that go on by themselves. */
const background = /^GET \/engine\/berth\/engine|\/stats/;

/** Equal looks in a row that count as rest, and the time between two. */
const restLooks = 3;
const lookEveryMs = 30;
/** How long a control may take to show an effect. */
const effectLooks = 100;

interface Control {
  /** Its place among all controls of the page, in document order. */
  index: number;
  name: string;
  kind: 'press' | 'type' | 'choose' | 'move';
  /** Already chosen out of several: only its neighbour can make it act. */
  chosen: boolean;
  /** Says that it opens something. */
  opens: boolean;
  /** Controls with equal keys do the same. */
  key: string;
}

/** What a control did: nothing, something, something without a trace in the page, or it opened an overlay. */
type Effect = 'nothing' | 'something' | 'traceless' | 'overlay';

/** Everything of a page that a control could change, as one text. */
function pageState(page: Page): Promise<string> {
  return page.evaluate(() => {
    const copy = document.body.cloneNode(true) as HTMLElement;
    for (const passing of copy.querySelectorAll('[role=tooltip], script')) passing.remove();
    const names = ['pressed', 'expanded', 'selected', 'checked', 'valuenow', 'current', 'sort'];
    const marks = [
      ...document.querySelectorAll<HTMLInputElement>('[aria-label], button, input, select, a'),
    ].map((element) =>
      [
        ...names.map((name) => element.getAttribute(`aria-${name}`) ?? ''),
        element.type ?? '',
        element.value ?? '',
        element.checked ?? '',
      ].join('|'),
    );
    const { lang, dataset } = document.documentElement;
    return JSON.stringify([location.href, lang, dataset.theme, copy.textContent, marks]);
  });
}

/** What is not in the page's text: how often something was copied, and which field or row has the focus. */
function traces(page: Page): Promise<string> {
  return page.evaluate(() => {
    const focus = document.activeElement;
    const field = focus instanceof HTMLInputElement || focus?.matches('[role=row], main, textarea');
    return `${(window as { copied?: number }).copied ?? 0} ${field ? focus?.outerHTML.slice(0, 200) : ''}`;
  });
}

function findControls(page: Page, within: string | undefined): Promise<Control[]> {
  return page.evaluate(
    ({ controls, overlays, within }) => {
      const all = [...document.querySelectorAll<HTMLElement>(controls)];
      const top = [...document.querySelectorAll(overlays)].at(-1);
      return all.flatMap((element, index): Control[] => {
        if (within !== undefined && !element.closest(within)) return [];
        if (top && !top.contains(element)) return [];
        // Actions of a row appear when the pointer is over it.
        const shown = element.checkVisibility() || element.closest('[role=row]')?.checkVisibility();
        if (!shown || element.closest('[aria-hidden=true], .xterm')) return [];
        const role = element.getAttribute('role') ?? element.tagName.toLowerCase();
        const words = element.getAttribute('aria-label') ?? element.textContent ?? '';
        const name = words.trim().slice(0, 60) || element.title;
        const text = element.matches('input:not([type=checkbox])');
        // The marked option of a palette is where Enter goes, no choice; a menu closes with either.
        const chosen =
          element.matches(
            '[aria-pressed=true], [aria-selected=true], [aria-checked=true], [aria-current=page]',
          ) && !element.matches('[role=dialog] [role=option], [role=menuitemradio]');
        // The items of all menus are one list of commands; anything else belongs to its part of the page.
        const part = element.closest('[aria-label]:not(button, a, input)')?.getAttribute('aria-label') ?? '';
        const area = role.startsWith('menuitem') ? 'menu' : part;
        return [
          {
            index,
            name: `${role} “${name}”`,
            kind: text ? 'type' : role === 'select' ? 'choose' : role === 'separator' ? 'move' : 'press',
            chosen,
            opens: element.hasAttribute('aria-haspopup'),
            key: `${area} ${role} ${name}`.replace(/\d+/g, '#').replace(/(Copy): .*/, '$1'),
          },
        ];
      });
    },
    { controls, overlays, within },
  );
}

/** The control's element, marked, so that it is found again when others come and go before it. */
async function mark(page: Page, control: Control, within: string | undefined): Promise<Locator> {
  let found: Control | undefined;
  for (let look = 0; look < effectLooks && !found; look++) {
    found = (await findControls(page, within)).find(({ key }) => key === control.key);
    if (!found) await page.waitForTimeout(lookEveryMs);
  }
  if (!found) throw new Error(`${control.name} is not there any more`);
  await page
    .locator(controls)
    .nth(found.index)
    .evaluate((element) => {
      document.querySelector('[data-walk]')?.removeAttribute('data-walk');
      element.setAttribute('data-walk', '');
    });
  return page.locator('[data-walk]');
}

async function activate(page: Page, control: Control, element: Locator): Promise<void> {
  // Actions of a row appear when the pointer is over it.
  const hidden = await element.evaluate(
    (found) => !found.checkVisibility() && found.closest('[role=row]') !== null,
  );
  if (hidden) await page.locator('[role=row]').filter({ has: element }).last().hover();
  if (control.kind === 'type')
    await element.fill((await element.getAttribute('inputmode')) === 'numeric' ? '4321' : 'abc');
  // It is outside the window until it has the focus.
  else if (await element.evaluate((link) => link.matches('[href^="#"]'))) await element.press('Enter');
  else if (control.kind === 'choose') await element.selectOption({ index: 1 });
  else if (control.kind === 'move') {
    const sideways = (await element.getAttribute('aria-orientation')) === 'vertical';
    await element.press(sideways ? 'ArrowRight' : 'ArrowUp');
  } else {
    // A button that says why it cannot act yet still answers; the pointer's own check would wait for it.
    await element.click({ force: (await element.getAttribute('aria-disabled')) === 'true' });
  }
}

/** A neighbour that takes the choice away, so that choosing again does something. */
async function chooseNeighbour(chosen: Locator): Promise<boolean> {
  return chosen.evaluate((element) => {
    const list = element.closest('fieldset, [role=tablist], [role=listbox], nav, [role=group]');
    const same = element.getAttribute('role') ? `[role=${element.getAttribute('role')}]` : element.tagName;
    const others = [...(list?.querySelectorAll<HTMLElement>(same) ?? [])];
    const other = others.find((candidate) => candidate !== element && !candidate.matches(':disabled'));
    other?.click();
    return other !== undefined;
  });
}

export interface Screen {
  name: string;
  path: string;
  /** Only controls inside; the frame of the window is gone through once, on the first screen. */
  within?: string;
  /** What to do after loading, before anything is activated. */
  prepare?: (page: Page, host: FakeHost) => Promise<void>;
  /** What to change at the host before the page is loaded. */
  host?: (host: FakeHost) => void;
}

/**
 * Activates every control of a screen, each on a page as it was loaded, and keeps those that do nothing that could
 * be seen from outside. Menus, dialogs and popovers that open are gone through as well.
 */
export class ControlWalk {
  readonly #page: Page;
  readonly #context: BrowserContext;
  readonly #host: FakeHost;
  readonly #seen = new Set<string>();
  /** What the page is fetching: parts of itself, and answers. */
  readonly #fetching = new Set<Request>();
  #signedIn = false;
  /** Names of the controls that were activated. */
  readonly activated: string[] = [];
  /** Those that did nothing. */
  readonly dead: string[] = [];

  constructor(page: Page, context: BrowserContext, host: FakeHost) {
    this.#page = page;
    this.#context = context;
    this.#host = host;
    page.on('request', (request) => this.#fetching.add(request));
    for (const end of ['requestfinished', 'requestfailed'] as const)
      page.on(end as 'requestfinished', (request) => this.#fetching.delete(request));
  }

  /** Makes copying to the clipboard visible, and keeps nothing from one load to the next. */
  async start(): Promise<void> {
    this.#page.setDefaultTimeout(15_000);
    await this.#page.addInitScript(() => {
      const session = sessionStorage.getItem('berth.session');
      sessionStorage.clear();
      if (session) sessionStorage.setItem('berth.session', session);
      const counter = window as { copied?: number };
      const writeText = async () => {
        counter.copied = (counter.copied ?? 0) + 1;
      };
      Object.defineProperty(navigator, 'clipboard', { value: { writeText } });
    });
  }

  /** Activates all controls of a screen that none before it had. */
  async screen(screen: Screen): Promise<void> {
    await this.#visit(screen, []);
  }

  #asked(): number {
    return this.#host.requests.filter((request) => !background.test(request)).length;
  }

  /** Waits until nothing is asked for and nothing changes any more. */
  async #rest(): Promise<string> {
    let before = '';
    let state = '';
    for (let equal = 0; equal < restLooks; ) {
      state = await pageState(this.#page);
      const now = `${this.#asked()} ${state}`;
      equal = now === before && this.#fetching.size === 0 ? equal + 1 : 0;
      before = now;
      await this.#page.waitForTimeout(lookEveryMs);
    }
    return state;
  }

  async #load(screen: Screen, steps: readonly Control[]): Promise<string> {
    this.#host.reset();
    screen.host?.(this.#host);
    this.#fetching.clear();
    const url = this.#host.url(screen.path);
    if (this.#page.url() === url.replace(/#.*/, '')) await this.#page.reload();
    else await this.#page.goto(this.#signedIn ? url.replace(/#.*/, '') : url);
    this.#signedIn = true;
    await screen.prepare?.(this.#page, this.#host);
    await this.#page
      .locator(screen.within ?? 'main')
      .locator(controls)
      .first()
      .waitFor();
    let state = await this.#rest();
    for (const step of steps) {
      const layers = await this.#page.locator(overlays).count();
      await activate(this.#page, step, await mark(this.#page, step, undefined));
      await this.#page.locator(overlays).nth(layers).waitFor();
      state = await this.#rest();
    }
    return state;
  }

  /** Activates all controls that are there after these steps, and what opens from them. */
  async #visit(screen: Screen, steps: readonly Control[]): Promise<void> {
    let state = await this.#load(screen, steps);
    let fresh = true;
    const within = steps.length === 0 ? screen.within : undefined;
    for (const control of await findControls(this.#page, within)) {
      if (this.#seen.has(control.key)) continue;
      this.#seen.add(control.key);
      if (!fresh) state = await this.#load(screen, steps);
      const effect = await this.#act(control, state, within).catch((cause: unknown) => {
        throw new Error(
          `${screen.name} › ${[...steps, control].map((step) => step.name).join(' › ')}: ${cause}`,
        );
      });
      const name = [screen.name, ...steps.map((step) => step.name), control.name].join(' › ');
      this.activated.push(name);
      if (effect === 'nothing') this.dead.push(name);
      if (effect === 'overlay') await this.#visit(screen, [...steps, control]);
      fresh = effect === 'nothing' || effect === 'traceless';
    }
  }

  async #act(control: Control, loaded: string, within: string | undefined): Promise<Effect> {
    let before = loaded;
    const element = await mark(this.#page, control, within);
    if (control.chosen) {
      // The only one of its kind cannot be chosen again; a switch that is on can be switched.
      if (!(await chooseNeighbour(element)) && control.name.startsWith('tab')) return 'traceless';
      before = await this.#rest();
    }
    const requests = this.#asked();
    const trace = await traces(this.#page);
    const layers = await this.#page.locator(overlays).count();
    let left = false;
    const onLeave = (other?: unknown) => {
      left = true;
      if (other && typeof other === 'object' && 'bringToFront' in other) void (other as Page).close();
    };
    this.#page.once('download', onLeave);
    this.#context.once('page', onLeave);
    await activate(this.#page, control, element);
    const acted = async () =>
      left ||
      this.#asked() !== requests ||
      (await pageState(this.#page)) !== before ||
      (await traces(this.#page)) !== trace;
    let seen = await acted();
    for (let look = 0; !seen && look < effectLooks; look++) {
      await this.#page.waitForTimeout(lookEveryMs);
      seen = await acted();
    }
    this.#page.off('download', onLeave);
    this.#context.off('page', onLeave);
    if (!seen) return 'nothing';
    if (control.opens) await this.#page.locator(overlays).nth(layers).waitFor();
    const after = await this.#rest();
    if ((await this.#page.locator(overlays).count()) > layers) return 'overlay';
    return after === loaded ? 'traceless' : 'something';
  }
}
