// The command palette: Ctrl+K opens it anywhere, typing searches, Enter goes to the chosen hit.
//
// Python sends `data`: {query, hits: [{id, group, title, about, href}], label, hint}. The browser
// answers with the state `query` when typing pauses and the trigger `chosen` (an id). Hits are of
// the query they came with; until those of the last one arrive the older ones stay, dimmed.

import style from "./style.css"

const TYPING_PAUSE_MS = 120
const OPENS = navigator.platform.startsWith("Mac") ? "⌘ K" : "Ctrl K"

const palettes = new WeakMap()

export default function mount({ data, parentElement, setStateValue, setTriggerValue }) {
  let palette = palettes.get(parentElement)
  if (!palette) {
    palette = new CommandPalette(parentElement, data)
    palettes.set(parentElement, palette)
  }
  palette.connect(setStateValue, setTriggerValue)
  palette.update(data)
  return () => {
    palette.destroy()
    palettes.delete(parentElement)
  }
}

class CommandPalette {
  constructor(parentElement, data) {
    this.asked = data.query
    this.active = 0
    const root = parentElement.querySelector("#command-palette")
    root.innerHTML = `<style>${style}</style>
      <button class="opener" type="button" aria-haspopup="dialog" aria-keyshortcuts="Control+K Meta+K">
        <span class="words"></span><kbd>${OPENS}</kbd>
      </button>
      <dialog>
        <input type="text" role="combobox" aria-expanded="true" aria-controls="hits"
               aria-autocomplete="list" autocomplete="off" spellcheck="false">
        <div id="hits" role="listbox"></div>
        <p role="status"></p>
        <footer><kbd>↑</kbd><kbd>↓</kbd> choose <kbd>Enter</kbd> open <kbd>Esc</kbd> close</footer>
      </dialog>`
    this.opener = root.querySelector(".opener")
    this.dialog = root.querySelector("dialog")
    this.input = root.querySelector("input")
    this.list = root.querySelector("#hits")
    this.status = root.querySelector("[role=status]")
    this.listen()
  }

  listen() {
    this.onKey = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return
      event.preventDefault()
      event.stopPropagation()
      this.dialog.open ? this.dialog.close() : this.open()
    }
    // Capturing: an editor that has the focus would keep the key for itself.
    window.addEventListener("keydown", this.onKey, true)
    this.opener.addEventListener("click", () => this.open())
    this.input.addEventListener("input", () => this.askSoon())
    this.dialog.addEventListener("keydown", (event) => this.onDialogKey(event))
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close())
  }

  onDialogKey(event) {
    // Streamlit's own shortcuts are single keys, which are typed here.
    event.stopPropagation()
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      event.preventDefault()
      this.activate((this.active + step + this.hits.length) % Math.max(this.hits.length, 1))
    } else if (event.key === "Enter") {
      event.preventDefault()
      this.isCurrent() ? this.choose(this.active) : (this.wantsFirst = true)
    }
  }

  connect(setStateValue, setTriggerValue) {
    this.setStateValue = setStateValue
    this.setTriggerValue = setTriggerValue
  }

  update(data) {
    this.hits = data.hits
    this.answered = data.query
    this.opener.querySelector(".words").textContent = data.label
    this.opener.setAttribute("aria-label", `${data.label} (${OPENS})`)
    this.dialog.setAttribute("aria-label", data.label)
    this.input.setAttribute("aria-label", data.label)
    this.input.placeholder = data.hint
    this.draw()
    if (this.wantsFirst && this.isCurrent()) this.choose(0)
  }

  isCurrent() {
    return this.answered === this.input.value.trim()
  }

  open() {
    this.dialog.showModal()
    this.input.select()
    this.ask()
  }

  askSoon() {
    this.wantsFirst = false
    this.list.classList.add("older")
    clearTimeout(this.pause)
    this.pause = setTimeout(() => this.ask(), TYPING_PAUSE_MS)
  }

  ask() {
    const query = this.input.value.trim()
    if (query !== this.asked) this.setStateValue("query", query)
    this.asked = query
    this.draw()
  }

  draw() {
    const drawn = this.hits.map((hit, index) => this.option(hit, index))
    this.list.replaceChildren(...drawn.flat())
    this.list.classList.toggle("older", !this.isCurrent())
    this.status.textContent = this.isCurrent() && !this.hits.length ? "Nothing was found." : ""
    this.activate(0)
  }

  option(hit, index) {
    const option = document.createElement("a")
    Object.assign(option, { id: `hit-${index}`, href: new URL(hit.href, document.baseURI).href, tabIndex: -1 })
    option.setAttribute("role", "option")
    option.append(part("strong", hit.title), part("span", hit.about))
    option.addEventListener("mousemove", () => this.active !== index && this.activate(index))
    option.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey) return
      event.preventDefault()
      this.choose(index)
    })
    const isFirst = this.hits[index - 1]?.group !== hit.group
    return isFirst ? [heading(hit.group), option] : [option]
  }

  activate(index) {
    this.active = index
    const options = this.list.querySelectorAll("[role=option]")
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === index)))
    options[index]?.scrollIntoView({ block: "nearest" })
    this.input.setAttribute("aria-activedescendant", options[index]?.id ?? "")
  }

  choose(index) {
    this.wantsFirst = false
    const hit = this.hits[index]
    if (!hit) return
    this.dialog.close()
    this.input.value = ""
    this.asked = null
    this.setTriggerValue("chosen", hit.id)
  }

  destroy() {
    clearTimeout(this.pause)
    window.removeEventListener("keydown", this.onKey, true)
  }
}

function part(tag, text) {
  const element = document.createElement(tag)
  element.textContent = text
  return element
}

function heading(text) {
  const element = part("div", text)
  element.className = "group"
  element.setAttribute("role", "presentation")
  return element
}
