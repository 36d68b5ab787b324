// How many parts a text takes: the same numbers as sms/delivery/segments.py, held to them by a
// test. Counted here so that the count moves with every key. Only what carriers take for one
// character in a long UCS-2 text is a matter of tables that browsers do not share: `isSure` is
// false there, and the server is asked.

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const EXTENDED = new Set("^{}\\[~]|€\f");
const GSM = { alone: 160, beside: 153 };
const UCS = { alone: 70, beside: 67 };

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** @returns {{encoding: string, parts: number, units: number, room: number, isSure: boolean}} room: units that fit in these parts */
export function count(text) {
  const chars = [...text];
  if (chars.every((char) => BASIC.has(char) || EXTENDED.has(char))) {
    const sizes = chars.map((char) => (EXTENDED.has(char) ? 2 : 1));
    return told("GSM-7", sizes, GSM);
  }
  if (text.length <= UCS.alone) return { encoding: "UCS-2", parts: 1, units: text.length, room: UCS.alone, isSure: true };
  const sizes = Array.from(graphemes.segment(text), (each) => each.segment.length);
  return told("UCS-2", sizes, UCS);
}

function told(encoding, sizes, room) {
  const parts = pack(sizes, room);
  const units = sizes.reduce((sum, size) => sum + size, 0);
  return { encoding, parts, units, room: roomIn(encoding, parts), isSure: encoding === "GSM-7" };
}

/** How many units fit in so many parts. */
export function roomIn(encoding, parts) {
  const room = encoding === "GSM-7" ? GSM : UCS;
  return parts === 1 ? room.alone : parts * room.beside;
}

// Greedily; the first part shrinks once there is a second, and what no longer fits moves on.
function pack(sizes, room) {
  let parts = 1, used = 0, limit = room.alone;
  const first = [];
  for (const size of sizes) {
    if (used + size > limit) {
      used = parts === 1 ? movedOn(first, room) : 0;
      parts += 1;
      limit = room.beside;
    }
    used += size;
    if (parts === 1) first.push(size);
  }
  return parts;
}

function movedOn(first, room) {
  let excess = 0, held = first.reduce((sum, size) => sum + size, 0);
  while (held > room.beside) {
    const size = first.pop();
    held -= size;
    excess += size;
  }
  return excess;
}
