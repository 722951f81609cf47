/**
 * Bytes from a terminal to keys: UTF-8, control characters and escape sequences, cut anywhere. What is not known is
 * swallowed whole, so that no half of a sequence ends up in a line.
 */

export type Key =
  /** Characters that stand for themselves; never empty. */
  | Readonly<{ kind: 'text'; text: string }>
  /** `enter`, `tab`, `backspace`, `up`, `home`, `C-a` for Control-A, `M-b` for Meta-B. */
  | Readonly<{ kind: 'key'; name: string }>
  /** Bracketed paste begins or ends: everything between is text and line ends. */
  | Readonly<{ kind: 'paste'; on: boolean }>;

/** CSI sequences: final letter, or first parameter before `~`. */
const CSI_FINAL: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  Z: 'back-tab',
};
const CSI_TILDE: Readonly<Record<string, string>> = { 1: 'home', 3: 'delete', 4: 'end', 7: 'home', 8: 'end' };

const LONGEST_SEQUENCE = 64;

type State = 'plain' | 'escape' | 'csi' | 'ss3' | 'string' | 'string-escape';

export class KeyDecoder {
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  #state: State = 'plain';
  #sequence = '';
  #afterReturn = false;
  #isPasting = false;
  #text = '';
  #keys: Key[] = [];

  /** Keys that the bytes complete. */
  decode(bytes: Uint8Array): readonly Key[] {
    this.#keys = [];
    for (const char of this.#utf8.decode(bytes, { stream: true })) this.#take(char);
    this.#flush();
    return this.#keys;
  }

  #take(char: string): void {
    switch (this.#state) {
      case 'plain':
        this.#plain(char);
        break;
      case 'escape':
        this.#escape(char);
        break;
      case 'csi':
        this.#csi(char);
        break;
      case 'ss3':
        this.#state = 'plain';
        this.#known(CSI_FINAL[char]);
        break;
      case 'string':
        // Replies of the terminal (titles, colours) end with BEL or ESC \.
        if (char === '\u001b') this.#state = 'string-escape';
        else if (char === '\u0007') this.#state = 'plain';
        break;
      case 'string-escape':
        this.#state = char === '\\' ? 'plain' : 'string';
        break;
      default:
        this.#state satisfies never;
    }
  }

  #plain(char: string): void {
    const code = char.codePointAt(0) ?? 0;
    const isLineFeed = char === '\n' && this.#afterReturn;
    this.#afterReturn = char === '\r';
    if (isLineFeed) return; // the second half of CR LF
    if (char === '\u001b') this.#state = 'escape';
    else if (char === '\r' || char === '\n') this.#key('enter');
    else if (this.#isPasting && char === '\t') this.#text += ' ';
    else if (code >= 0x20 && code !== 0x7f && !(code >= 0x80 && code < 0xa0)) this.#text += char;
    else if (this.#isPasting || code === 0 || code >= 0x80) return;
    else if (char === '\t') this.#key('tab');
    else if (code === 0x7f || code === 8) this.#key('backspace');
    else if (code <= 26) this.#key(`C-${String.fromCharCode(code + 0x60)}`);
  }

  #escape(char: string): void {
    this.#state = 'plain';
    if (char === '[') this.#begin('csi');
    else if (char === 'O') this.#begin('ss3');
    else if (char === ']' || char === 'P' || char === '_' || char === '^' || char === 'X') this.#begin('string');
    else if (char === '\u001b') this.#state = 'escape';
    else if (char === '\u007f' || char === '\b') this.#known('M-backspace');
    else if (/^[a-z]$/i.test(char)) this.#known(`M-${char.toLowerCase()}`);
    else this.#plain(char); // a lone Escape, then something else
  }

  #begin(state: State): void {
    this.#state = state;
    this.#sequence = '';
  }

  #csi(char: string): void {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x20 || code > 0x7e) {
      // Not a part of any sequence: what began as one is dropped.
      this.#state = 'plain';
      this.#plain(char);
      return;
    }
    if (code < 0x40 && this.#sequence.length < LONGEST_SEQUENCE) {
      this.#sequence += char;
      return;
    }
    if (code < 0x40) return;
    this.#state = 'plain';
    const [first = '', modifier] = this.#sequence.split(';');
    if (char === '~' && (first === '200' || first === '201')) {
      this.#flush();
      this.#isPasting = first === '200';
      this.#keys.push({ kind: 'paste', on: this.#isPasting });
      return;
    }
    const name = char === '~' ? CSI_TILDE[first] : CSI_FINAL[char];
    // Control or Meta with an arrow moves by words.
    const isByWord = modifier !== undefined && modifier !== '2' && (name === 'left' || name === 'right');
    this.#known(isByWord ? (name === 'left' ? 'M-b' : 'M-f') : name);
  }

  /** Keys that edit have no place in a paste: whoever made the text may not press them. */
  #known(name: string | undefined): void {
    if (name !== undefined && !this.#isPasting) this.#key(name);
  }

  #key(name: string): void {
    this.#flush();
    this.#keys.push({ kind: 'key', name });
  }

  #flush(): void {
    if (this.#text !== '') this.#keys.push({ kind: 'text', text: this.#text });
    this.#text = '';
  }
}
