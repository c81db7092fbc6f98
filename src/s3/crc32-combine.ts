/** The reversed polynomial of CRC-32, the one of zlib and of S3's x-amz-checksum-crc32. */
const POLYNOMIAL = 0xedb88320;

/**
 * CRC-32 of two byte strings one after the other, from the CRC of each and the length of the second, so that parts
 * sent in any order still give the checksum of the whole object.
 */
export function combineCrc32(first: number, second: number, secondLength: number): number {
  // Appending n zero bytes multiplies the first CRC by x^(8n) modulo the polynomial.
  return (multiply(power(secondLength), first) ^ second) >>> 0;
}

/** A checksum as S3 writes it in headers: base64 of four bytes, the highest first. */
export function crc32Base64(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc >>> 0);
  return bytes.toString("base64");
}

/** a × b modulo the polynomial; bit 31 is x^0, for CRC-32 is kept reversed. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = 31; bit >= 0; bit -= 1) {
    if ((a >>> bit) & 1) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}

/** x^(8 × bytes) modulo the polynomial, by squaring. */
function power(bytes: number): number {
  let result = 0x80000000;
  let square = 0x00800000;
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = multiply(square, result);
    square = multiply(square, square);
  }
  return result;
}
