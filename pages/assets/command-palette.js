var p=`.opener, dialog, input { font-family: var(--st-font); color: var(--st-text-color); }
.opener {
  display: flex; align-items: center; justify-content: space-between; gap: 12px;
  width: 100%; height: 36px; padding: 0 8px 0 12px;
  font-size: 14px; cursor: pointer;
  color: color-mix(in srgb, var(--st-text-color) 75%, transparent);
  background: var(--st-secondary-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
}
.opener:hover { border-color: var(--st-primary-color); }
.opener:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.words { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
kbd {
  padding: 1px 6px; font-family: var(--st-font); font-size: 12px; white-space: nowrap;
  color: color-mix(in srgb, var(--st-text-color) 80%, transparent);
  background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: 4px;
}
dialog {
  width: min(620px, calc(100vw - 32px)); max-height: min(560px, 80vh); margin: 10vh auto auto;
  padding: 0; overflow: hidden;
  background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: 12px;
  box-shadow: 0 16px 48px rgb(0 0 0 / 0.25);
}
dialog[open] { display: flex; flex-direction: column; }
dialog::backdrop { background: rgb(15 23 42 / 0.45); }
input {
  padding: 16px 18px; font-size: 17px; background: none;
  border: none; border-bottom: 1px solid var(--st-border-color); outline: none;
}
input::placeholder { color: color-mix(in srgb, var(--st-text-color) 68%, transparent); }
#hits { flex: 1; min-height: 0; padding: 6px; overflow-y: auto; }
#hits.older { opacity: 0.55; }
.group {
  padding: 10px 12px 4px; font-size: 12px; font-weight: 600;
  color: color-mix(in srgb, var(--st-text-color) 72%, transparent);
}
[role="option"] {
  display: flex; align-items: baseline; gap: 12px; padding: 8px 12px;
  font-size: 14.5px; color: inherit; text-decoration: none; border-radius: 8px; cursor: pointer;
}
[role="option"][aria-selected="true"] {
  background: color-mix(in srgb, var(--st-primary-color) 14%, transparent);
}
[role="option"] strong { flex: none; max-width: 60%; overflow: hidden; font-weight: 550; white-space: nowrap; text-overflow: ellipsis; }
[role="option"] span {
  overflow: hidden; font-size: 13px; white-space: nowrap; text-overflow: ellipsis;
  color: color-mix(in srgb, var(--st-text-color) 75%, transparent);
}
[role="status"] { margin: 0; padding: 0 18px; font-size: 14px; }
[role="status"]:not(:empty) { padding: 4px 18px 16px; }
footer {
  padding: 8px 16px; font-size: 12px;
  color: color-mix(in srgb, var(--st-text-color) 72%, transparent);
  background: var(--st-secondary-background-color); border-top: 1px solid var(--st-border-color);
}
footer kbd:not(:first-child):not(:nth-child(2)) { margin-left: 12px; }
`;var h=120,d=navigator.platform.startsWith("Mac")?"\u2318 K":"Ctrl K",a=new WeakMap;function u({data:i,parentElement:t,setStateValue:e,setTriggerValue:o}){let r=a.get(t);return r||(r=new n(t,i),a.set(t,r)),r.connect(e,o),r.update(i),()=>{r.destroy(),a.delete(t)}}var n=class{constructor(t,e){this.asked=e.query,this.active=0;let o=t.querySelector("#command-palette");o.innerHTML=`<style>${p}</style>
      <button class="opener" type="button" aria-haspopup="dialog" aria-keyshortcuts="Control+K Meta+K">
        <span class="words"></span><kbd>${d}</kbd>
      </button>
      <dialog>
        <input type="text" role="combobox" aria-expanded="true" aria-controls="hits"
               aria-autocomplete="list" autocomplete="off" spellcheck="false">
        <div id="hits" role="listbox"></div>
        <p role="status"></p>
        <footer><kbd>\u2191</kbd><kbd>\u2193</kbd> choose <kbd>Enter</kbd> open <kbd>Esc</kbd> close</footer>
      </dialog>`,this.opener=o.querySelector(".opener"),this.dialog=o.querySelector("dialog"),this.input=o.querySelector("input"),this.list=o.querySelector("#hits"),this.status=o.querySelector("[role=status]"),this.listen()}listen(){this.onKey=t=>{!(t.ctrlKey||t.metaKey)||t.altKey||t.shiftKey||t.key.toLowerCase()!=="k"||(t.preventDefault(),t.stopPropagation(),this.dialog.open?this.dialog.close():this.open())},window.addEventListener("keydown",this.onKey,!0),this.opener.addEventListener("click",()=>this.open()),this.input.addEventListener("input",()=>this.askSoon()),this.dialog.addEventListener("keydown",t=>this.onDialogKey(t)),this.dialog.addEventListener("click",t=>t.target===this.dialog&&this.dialog.close())}onDialogKey(t){t.stopPropagation();let e={ArrowDown:1,ArrowUp:-1}[t.key];e?(t.preventDefault(),this.activate((this.active+e+this.hits.length)%Math.max(this.hits.length,1))):t.key==="Enter"&&(t.preventDefault(),this.isCurrent()?this.choose(this.active):this.wantsFirst=!0)}connect(t,e){this.setStateValue=t,this.setTriggerValue=e}update(t){this.hits=t.hits,this.answered=t.query,this.opener.querySelector(".words").textContent=t.label,this.opener.setAttribute("aria-label",`${t.label} (${d})`),this.dialog.setAttribute("aria-label",t.label),this.input.setAttribute("aria-label",t.label),this.input.placeholder=t.hint,this.draw(),this.wantsFirst&&this.isCurrent()&&this.choose(0)}isCurrent(){return this.answered===this.input.value.trim()}open(){this.dialog.showModal(),this.input.select(),this.ask()}askSoon(){this.wantsFirst=!1,this.list.classList.add("older"),clearTimeout(this.pause),this.pause=setTimeout(()=>this.ask(),h)}ask(){let t=this.input.value.trim();t!==this.asked&&this.setStateValue("query",t),this.asked=t,this.draw()}draw(){let t=this.hits.map((e,o)=>this.option(e,o));this.list.replaceChildren(...t.flat()),this.list.classList.toggle("older",!this.isCurrent()),this.status.textContent=this.isCurrent()&&!this.hits.length?"Nothing was found.":"",this.activate(0)}option(t,e){let o=document.createElement("a");return Object.assign(o,{id:`hit-${e}`,href:new URL(t.href,document.baseURI).href,tabIndex:-1}),o.setAttribute("role","option"),o.append(l("strong",t.title),l("span",t.about)),o.addEventListener("mousemove",()=>this.active!==e&&this.activate(e)),o.addEventListener("click",s=>{s.ctrlKey||s.metaKey||(s.preventDefault(),this.choose(e))}),this.hits[e-1]?.group!==t.group?[g(t.group),o]:[o]}activate(t){this.active=t;let e=this.list.querySelectorAll("[role=option]");e.forEach((o,r)=>o.setAttribute("aria-selected",String(r===t))),e[t]?.scrollIntoView({block:"nearest"}),this.input.setAttribute("aria-activedescendant",e[t]?.id??"")}choose(t){this.wantsFirst=!1;let e=this.hits[t];e&&(this.dialog.close(),this.input.value="",this.asked=null,this.setTriggerValue("chosen",e.id))}destroy(){clearTimeout(this.pause),window.removeEventListener("keydown",this.onKey,!0)}};function l(i,t){let e=document.createElement(i);return e.textContent=t,e}function g(i){let t=l("div",i);return t.className="group",t.setAttribute("role","presentation"),t}export{u as default};
