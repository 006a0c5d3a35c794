/** Which hash slot of a Redis Cluster a key is in: CRC16 (XMODEM) of its tag, modulo 16384. Redis Cluster specification. */

const SLOTS = 16384;

function slotOf(name: string | Buffer): number {
  const key = typeof name === "string" ? Buffer.from(name) : name;
  const open = key.indexOf("{");
  const close = open === -1 ? -1 : key.indexOf("}", open + 1);
  const tag = close > open + 1 ? key.subarray(open + 1, close) : key;
  let crc = 0;
  for (const byte of tag) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) !== 0 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc % SLOTS;
}

/** The indexes of `keys`, in groups that one command may name together. */
export function bySlot(keys: readonly (string | Buffer)[]): number[][] {
  const groups = new Map<number, number[]>();
  for (const [i, key] of keys.entries()) {
    const slot = slotOf(key);
    const group = groups.get(slot);
    if (group === undefined) groups.set(slot, [i]);
    else group.push(i);
  }
  return [...groups.values()];
}
