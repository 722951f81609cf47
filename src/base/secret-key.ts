/** Key material that does not print: text, JSON and `util.inspect` show its length alone. */
export class SecretKey {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** The key itself, for the function that uses it. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** Whether both hold the same key; takes the same time wherever they differ. */
  equals(other: SecretKey): boolean {
    if (other.#bytes.length !== this.#bytes.length) return false;
    let difference = 0;
    for (let i = 0; i < this.#bytes.length; i++) difference |= (this.#bytes[i] ?? 0) ^ (other.#bytes[i] ?? 0);
    return difference === 0;
  }

  toString(): string {
    return `<${this.#bytes.length} secret bytes>`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
