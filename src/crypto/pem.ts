/** Textual encodings, RFC 7468: the blocks of a PEM text. */

export type PemBlock = Readonly<{ label: string; der: Uint8Array }>;

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/g;

/** Every block whose base64 can be read; text between them is explanation. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const out: PemBlock[] = [];
  for (const [, label = '', body = ''] of text.matchAll(BLOCK)) {
    const base64 = body.replaceAll(/\s/g, '');
    if (base64 === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) continue;
    out.push({ label, der: Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0)) });
  }
  return out;
}

/** A block of base64 with 64 signs a line. */
export function pemText(label: string, der: Uint8Array): string {
  const base64 = btoa(Array.from(der, (byte) => String.fromCharCode(byte)).join(''));
  return `-----BEGIN ${label}-----\n${(base64.match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;
}
