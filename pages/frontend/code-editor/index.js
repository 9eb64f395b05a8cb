// The code editor component: CodeMirror 6 kept in step with a Streamlit session.
//
// Python sends `data`: {value, rev, language, schema, params, diagnostics, height, placeholder,
// readOnly, label, insert}. The browser answers with the state `value` and the triggers `run` (Ctrl+Enter:
// the selection, or all) and `save` (Ctrl+S). Text travels to Python when typing pauses, when the
// editor loses focus, and before either trigger. Python replaces the text only by raising `rev`;
// otherwise a rerun that is older than the last keystroke would undo it.

import { autocompletion } from "@codemirror/autocomplete"
import { indentWithTab } from "@codemirror/commands"
import { syntaxHighlighting } from "@codemirror/language"
import { setDiagnostics } from "@codemirror/lint"
import { Compartment, EditorState, Prec } from "@codemirror/state"
import { EditorView, keymap, placeholder } from "@codemirror/view"
import { basicSetup } from "codemirror"

import { toDiagnostics } from "./diagnostics.js"
import { languageExtension } from "./languages.js"
import { editorTheme, highlighting } from "./theme.js"

const TYPING_PAUSE_MS = 400

const editors = new WeakMap()

export default function mount({ data, parentElement, setStateValue, setTriggerValue }) {
  let editor = editors.get(parentElement)
  if (!editor) {
    editor = new CodeEditor(parentElement, data)
    editors.set(parentElement, editor)
  }
  editor.connect(setStateValue, setTriggerValue)
  editor.update(data)
  return () => {
    editor.destroy()
    editors.delete(parentElement)
  }
}

class CodeEditor {
  constructor(parentElement, data) {
    this.rev = data.rev
    this.inserted = data.insert?.number ?? 0
    this.sent = data.value ?? ""
    this.language = new Compartment()
    this.mode = new Compartment()
    this.languageKey = ""
    this.view = new EditorView({
      parent: parentElement.querySelector("#code-editor"),
      root: parentElement,
      state: EditorState.create({ doc: this.sent, extensions: this.extensions(data) }),
    })
  }

  extensions(data) {
    return [
      Prec.highest(keymap.of(this.shortcuts())),
      basicSetup,
      // The glyphs of the completion icons are in no font that Streamlit bundles.
      autocompletion({ icons: false }),
      keymap.of([indentWithTab]),
      this.language.of([]),
      this.mode.of([]),
      editorTheme,
      syntaxHighlighting(highlighting),
      placeholder(data.placeholder ?? ""),
      EditorView.contentAttributes.of({ "aria-label": data.label ?? "Code", tabindex: "0" }),
      EditorView.updateListener.of((update) => update.docChanged && this.flushSoon()),
      EditorView.domEventHandlers({ blur: () => this.flush() }),
    ]
  }

  // `stopPropagation` keeps a page button with the same shortcut from firing as well.
  shortcuts() {
    const run = () => this.trigger("run", this.selectedText() || this.text())
    const save = () => this.trigger("save", this.text())
    return [
      { key: "Mod-Enter", run, preventDefault: true, stopPropagation: true },
      { key: "Mod-s", run: save, preventDefault: true, stopPropagation: true },
    ]
  }

  connect(setStateValue, setTriggerValue) {
    this.setStateValue = setStateValue
    this.setTriggerValue = setTriggerValue
  }

  update(data) {
    this.updateLanguage(data)
    if (data.rev !== this.rev) this.replaceText(data.value ?? "", data.rev)
    if (data.insert && data.insert.number !== this.inserted) this.insertText(data.insert)
    this.view.dom.style.height = `${data.height ?? 240}px`
    this.view.dispatch(setDiagnostics(this.view.state, toDiagnostics(data.diagnostics, this.view.state.doc)))
  }

  updateLanguage(data) {
    const key = JSON.stringify([data.language, data.schema, data.params, data.readOnly])
    if (key === this.languageKey) return
    this.languageKey = key
    const readOnly = data.readOnly ? [EditorState.readOnly.of(true)] : []
    this.view.dispatch({
      effects: [this.language.reconfigure(languageExtension(data)), this.mode.reconfigure(readOnly)],
    })
  }

  replaceText(text, rev) {
    this.rev = rev
    this.sent = text
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } })
  }

  // A name that a click on the page asked for, at the cursor and only once.
  insertText({ number, text }) {
    this.inserted = number
    this.view.dispatch(this.view.state.replaceSelection(text), { scrollIntoView: true })
    this.view.focus()
  }

  text() {
    return this.view.state.doc.toString()
  }

  selectedText() {
    const { from, to } = this.view.state.selection.main
    return this.view.state.sliceDoc(from, to)
  }

  flushSoon() {
    clearTimeout(this.pause)
    this.pause = setTimeout(() => this.flush(), TYPING_PAUSE_MS)
  }

  flush() {
    clearTimeout(this.pause)
    const text = this.text()
    if (text === this.sent) return
    this.sent = text
    this.setStateValue("value", text)
  }

  trigger(name, text) {
    this.flush()
    this.setTriggerValue(name, text)
    return true
  }

  destroy() {
    this.flush()
    this.view.destroy()
  }
}
