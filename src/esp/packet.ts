/** The outside of an ESP packet, RFC 4303 section 2: SPI, sequence number, IV, then payload, trailer and ICV. */

/** SPI and sequence number: four bytes each, with or without extended sequence numbers. */
export const HEADER_LENGTH = 8;

/** Pad Length and Next Header. */
export const TRAILER_LENGTH = 2;

/** Payload, padding and trailer end on a four-byte boundary whatever the cipher (section 2.4). */
export const ALIGNMENT = 4;

export const TWO_32 = 0x1_0000_0000;
