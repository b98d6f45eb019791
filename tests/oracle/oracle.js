// Runs ODK's engine on one form for many answer sets, and tells what it made of each.
import { loadForm } from "/engine.js";

let form = null;
let kept = null;

window.openForm = async (xml) => {
  form = await loadForm(xml);
  if (form.status === "failure") throw new Error(String(form.error.cause || form.error));
  kept = null;
};

const nodesOf = (node, found) => {
  for (const child of node.currentState.children || []) {
    found.push(child);
    nodesOf(child, found);
  }
  return found;
};

const byReference = (root) => {
  const found = new Map();
  for (const node of nodesOf(root, [])) found.set(node.currentState.reference, node);
  return found;
};

const setCounts = (root, counts) => {
  for (const [reference, wanted] of counts) {
    const range = nodesOf(root, []).find(
      (n) => n.nodeType.startsWith("repeat-range") && n.currentState.reference === reference,
    );
    if (!range || range.nodeType !== "repeat-range:uncontrolled") continue;
    const had = range.currentState.children.length;
    if (had < wanted) range.addInstances(had - 1, wanted - had);
    if (had > wanted) range.removeInstances(wanted, had - wanted);
  }
};

const setValue = (node, text) => {
  if (node.nodeType === "select") {
    const words = text === "" ? [] : text.split(/[ \t\r\n]+/);
    if (node.selectType === "select1") node.selectValue(text === "" ? null : text);
    else node.selectValues(words);
  } else if (node.nodeType === "trigger") node.setValue(text.toLowerCase() === "ok");
  else if (node.nodeType === "range") node.setValue(text === "" ? null : text);
  else if (node.nodeType === "input") node.setValue(text);
};

const told = (root) =>
  nodesOf(root, []).map((node) => {
    const state = node.currentState;
    const leaf = state.children === null;
    return [
      state.reference + (node.nodeType.startsWith("repeat-range") ? "[]" : ""),
      state.relevant,
      leaf ? state.required : false,
      leaf ? state.instanceValue : "",
      leaf ? node.validationState.constraint.valid : true,
      node.nodeType === "select" ? state.valueOptions.map((o) => o.value) : [],
    ];
  });

let known = new Map();

const one = ({ answers, counts }, fresh, turns) => {
  if (fresh || kept === null) {
    kept = form.createInstance();
    known = new Map();
  }
  const { root } = kept;
  setCounts(root, counts);
  // What a filter or a count hangs on is set before what hangs on it: choices last, and where
  // choices hang on choices (`turns` 2) all over again, for those that were not offered before.
  for (let turn = 0; turn < turns; turn += 1) {
    const nodes = byReference(root);
    for (const last of [false, true]) {
      for (const [reference, text] of answers) {
        const node = nodes.get(reference);
        if (!node || (node.nodeType === "select") !== last) continue;
        if (turns === 1 && known.get(node) === text) continue;
        known.set(node, text);
        setValue(node, text);
      }
    }
  }
  return told(root);
};

window.runSets = (sets, fresh, turns) => sets.map((set) => one(set, fresh, turns));
window.ready = true;
