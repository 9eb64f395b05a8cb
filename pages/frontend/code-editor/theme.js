// The editor in the colours of the page: Streamlit's theme variables, so light and dark follow.

import { HighlightStyle } from "@codemirror/language"
import { EditorView } from "@codemirror/view"
import { tags } from "@lezer/highlight"

const theme = (name) => `var(--st-${name})`
const tint = (name, percent) => `color-mix(in srgb, ${theme(name)} ${percent}%, transparent)`

export const editorTheme = EditorView.theme({
  "&": {
    fontSize: "13.5px",
    background: theme("background-color"),
    color: theme("text-color"),
    border: `1px solid ${theme("border-color")}`,
    borderRadius: theme("base-radius"),
  },
  "&.cm-focused": { outline: "none", borderColor: theme("primary-color") },
  ".cm-scroller": { overflow: "auto", fontFamily: theme("code-font"), lineHeight: "1.55" },
  ".cm-content": { padding: "8px 0", caretColor: theme("text-color") },
  // Opaque: long lines scroll under the gutter.
  ".cm-gutters": { background: theme("background-color"), border: "none", color: tint("text-color", 72) },
  ".cm-activeLine, .cm-activeLineGutter": { background: tint("primary-color", 6) },
  ".cm-cursor": { borderLeftColor: theme("text-color") },
  ".cm-placeholder": { color: tint("text-color", 72) },
  ".cm-tooltip": {
    background: theme("background-color"),
    color: theme("text-color"),
    border: `1px solid ${theme("border-color")}`,
    borderRadius: "8px",
    boxShadow: "0 4px 16px rgb(0 0 0 / 0.15)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 8px", lineHeight: "1.4" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { background: theme("primary-color"), color: "#fff" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    background: `${tint("primary-color", 22)} !important`,
  },
  ".cm-panels": { background: theme("secondary-background-color"), color: theme("text-color") },
  ".cm-matchingBracket": { background: `${tint("primary-color", 18)} !important` },
})

export const highlighting = HighlightStyle.define([
  { tag: tags.keyword, color: theme("violet-text-color"), fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: theme("green-text-color") },
  { tag: [tags.number, tags.bool, tags.null], color: theme("orange-text-color") },
  { tag: tags.comment, color: theme("gray-text-color"), fontStyle: "italic" },
  {
    tag: [tags.function(tags.variableName), tags.definition(tags.variableName), tags.typeName, tags.propertyName],
    color: theme("blue-text-color"),
  },
])
