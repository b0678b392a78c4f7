/* The bar beside the selected words: for or against, by mouse, finger or key. It lies in
   the top layer after their text, so that Tab leads to it and no box clips it. */

import { one } from "./cells.js";
import { isOpen } from "./dialogs.js";
import { docked, spot, union } from "./spots.js";

const PHONE = matchMedia("(max-width: 40rem)");

export class MarkBar {
  /* `on.selected()` gives the text, its view and range that are selected, or null;
     `on.mark(polarity)` marks them; `on.open(text)` leads to the mark just made,
     `on.back()` to the text; `on.isWalking()` tells whether the keyboard chooses words. */
  constructor(root, template, on) {
    this.root = root;
    this.on = on;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.asking = one("[data-asking]", this.element);
    this.done = one("[data-marked]", this.element);
    this.selected = null;
    this.closed = "";
    this.isPressed = false;
    this.isHeld = false;
    this.wasWalking = false;
    this.listen();
  }

  listen() {
    const until = new AbortController();
    const hear = (target, type, run, options) => target.addEventListener(type, (event) => {
      if (this.root.isConnected) run(event);
      else until.abort();
    }, { signal: until.signal, ...options });
    hear(document, "selectionchange", () => this.follow());
    hear(document, "pointerdown", (event) => this.press(event), { capture: true });
    for (const type of ["pointerup", "pointercancel"]) hear(document, type, () => this.release(), { capture: true });
    for (const type of ["scroll", "resize"]) hear(window, type, () => this.placeSoon(), { capture: true, passive: true });
    hear(document, "keydown", (event) => this.key(event), { capture: true });
    // The selection stays while a button is pressed; where it does not, so does the bar.
    this.element.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.isHeld = true;
    });
    this.element.addEventListener("click", (event) => this.click(event));
  }

  get isOpen() {
    return !this.element.hidden;
  }

  get hasFocus() {
    return this.element.contains(document.activeElement);
  }

  // --- what is selected ---------------------------------------------------------------

  follow() {
    if (this.isPressed || this.isHeld) return;
    const selected = this.on.selected();
    if (!selected) {
      if (this.isAsking && !this.hasFocus) this.close();
      return;
    }
    this.selected = selected;
    if (selected.id === this.closed) return;
    this.closed = "";
    this.show(this.asking);
  }

  press(event) {
    if (this.element.contains(event.target)) return;
    this.isPressed = true;
    this.isHeld = false;
    this.closed = "";
    this.close();
  }

  release() {
    if (!this.isPressed) return;
    this.isPressed = false;
    // The browser settles the selection after the button is up.
    requestAnimationFrame(() => { if (this.root.isConnected) this.follow(); });
  }

  get isAsking() {
    return this.isOpen && !this.asking.hidden;
  }

  // --- showing ------------------------------------------------------------------------

  show(part) {
    const { card } = this.selected.text;
    if (this.element.parentElement !== card) card.append(this.element);
    this.asking.hidden = part !== this.asking;
    this.done.hidden = part !== this.done;
    this.element.hidden = false;
    if (!this.element.matches(":popover-open")) this.element.showPopover?.();
    this.place();
  }

  /* The words are marked: say so, and offer a way to the mark's tag and note. */
  tell(words) {
    one("[data-words]", this.done).textContent = words;
    this.show(this.done);
  }

  /* Marked words were touched: lead to their mark. */
  find(text, range, words) {
    this.selected = { text, range, id: "" };
    this.tell(words);
  }

  close() {
    if (!this.isOpen) return;
    this.element.hidden = true;
    this.element.hidePopover?.();
  }

  placeSoon() {
    if (!this.isOpen || this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.isOpen && this.root.isConnected) this.place();
    });
  }

  /* Beside the end of the words that are in sight; away while none of them is. */
  place() {
    const { text, range } = this.selected;
    const area = text.region.getBoundingClientRect();
    const size = this.element.getBoundingClientRect();
    const words = union(range, area);
    this.element.classList.toggle("is-docked", PHONE.matches);
    this.element.classList.toggle("is-away", !words && !PHONE.matches && !this.hasFocus);
    if (PHONE.matches) this.put(docked({ words, size: this.element.getBoundingClientRect(), ...this.bounds() }));
    else if (words) this.put(spot({ words, area, size, view: { width: innerWidth, height: innerHeight }, isAbove: this.on.isWalking() }));
  }

  /* What lies free for a docked bar: it stands over the controls below the texts. */
  bounds() {
    const judge = one(".judge-sticky", this.root)?.getBoundingClientRect();
    const isLow = judge && judge.top > innerHeight / 2 && judge.top < innerHeight;
    return { ceiling: 0, floor: isLow ? judge.top : innerHeight };
  }

  put({ left, top }) {
    this.element.style.setProperty("--bar-left", `${Math.round(left)}px`);
    this.element.style.setProperty("--bar-top", `${Math.round(top)}px`);
  }

  // --- keys and buttons ---------------------------------------------------------------

  key(event) {
    if (!this.isOpen || isOpen() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && (this.hasFocus || !this.on.isWalking())) this.leave(event);
    else if (event.key === "Tab" && !event.shiftKey && this.leadsHere(document.activeElement)) this.enter(event);
  }

  /* From the text whose words are selected the next stop is the bar. */
  leadsHere(element) {
    return !this.hasFocus && (element === document.body || this.selected.text.region.contains(element));
  }

  enter(event) {
    event.preventDefault();
    this.wasWalking = this.on.isWalking();
    if (!union(this.selected.range, this.selected.text.region.getBoundingClientRect())) this.selected.range.startContainer.parentElement.scrollIntoView({ block: "nearest" });
    this.element.classList.remove("is-away");
    one("[data-bar-part]:not([hidden]) button", this.element).focus({ preventScroll: true });
    this.place();
  }

  /* Escape closes the bar and leads back to the text, with the words still selected. */
  leave(event) {
    event.preventDefault();
    event.stopPropagation();
    this.closed = this.selected.id;
    const { wasWalking } = this;
    this.wasWalking = false;
    this.close();
    this.on.back(this.selected.text, wasWalking);
  }

  click(event) {
    this.isHeld = false;
    const polarity = event.target.closest("[data-polarity]")?.dataset.polarity;
    const { selected } = this;
    if (polarity) {
      this.close();
      this.on.mark(polarity, selected);
    } else if (event.target.closest("[data-open-mark]")) {
      this.close();
      this.on.open(selected.text);
    }
  }
}
