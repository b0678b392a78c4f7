/* Small values kept on this device. Where the browser keeps nothing they last as long
   as the page. */

const memory = new Map();

const works = (() => {
  try {
    localStorage.setItem("polyphony:probe", "1");
    localStorage.removeItem("polyphony:probe");
    return true;
  } catch {
    return false;
  }
})();

export function read(key, fallback = null) {
  try {
    const text = works ? localStorage.getItem(key) : null;
    if (text !== null) return JSON.parse(text);
  } catch {
    return fallback;
  }
  return memory.has(key) ? memory.get(key) : fallback;
}

/* Tell whether the value outlives the page. */
export function write(key, value) {
  try {
    if (works) {
      localStorage.setItem(key, JSON.stringify(value));
      memory.delete(key);
      return true;
    }
  } catch {
    /* The device is full; the page still remembers. */
  }
  memory.set(key, value);
  return false;
}

export function drop(key) {
  memory.delete(key);
  if (works) localStorage.removeItem(key);
}

/* crypto.randomUUID exists on https and localhost only; random bytes exist everywhere. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
