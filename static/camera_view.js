// The camera's pixels: frames turned the right way, and the guide that is drawn over the view.
// A turn is a quarter turn anticlockwise (as the server counts): a person who lies has the head
// anywhere in the picture, and is shown, sent and judged upright.

const VIEW_SIDE = 1280; // the view need not be larger than a screen

export function turnedSize(source, turns, scale = 1) {
  const w = Math.round((source.videoWidth ?? source.width) * scale);
  const h = Math.round((source.videoHeight ?? source.height) * scale);
  return turns % 2 ? [h, w] : [w, h];
}

function drawTurned(canvas, source, turns, scale) {
  const [width, height] = turnedSize(source, turns, scale);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const [w, h] = turns % 2 ? [height, width] : [width, height];
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, width / 2, height / 2);
  pen.rotate((-turns * Math.PI) / 2);
  pen.drawImage(source, -w / 2, -h / 2, w, h);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  return pen;
}

// A frame as a canvas of its own; `into` is drawn over where there is one of another frame.
export function grab(source, turns, longest = Infinity, into = null) {
  const scale = Math.min(1, longest / Math.max(...turnedSize(source, 0)));
  const canvas = into ?? new OffscreenCanvas(1, 1);
  drawTurned(canvas, source, turns, scale);
  return canvas;
}

export async function toJpeg(canvas, quality) {
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
  return new Uint8Array(await blob.arrayBuffer());
}

export function drawLive(view, video, turns, hint) {
  const scale = Math.min(1, VIEW_SIDE / Math.max(...turnedSize(video, 0)));
  const pen = drawTurned(view, video, turns, scale);
  drawGuide(pen, view.width, view.height, hint?.state === "ok");
  if (hint?.box && hint.state !== "ok") drawFace(pen, view.width, view.height, hint);
}

export function drawStill(view, picture) {
  drawTurned(view, picture, 0, Math.min(1, VIEW_SIDE / Math.max(picture.width, picture.height)));
}

// Black under yellow or white: seen on any wall. Never by colour alone: dashed until all is well.
function twice(pen, line, ok, trace) {
  pen.lineWidth = line;
  pen.strokeStyle = "#000000";
  trace();
  pen.lineWidth = line / 2;
  pen.strokeStyle = ok ? "#ffffff" : "#ffd43d";
  pen.setLineDash(ok ? [] : [line * 4, line * 2]);
  trace();
  pen.setLineDash([]);
}

// 35:45 frame, the head (34 mm high, 4 mm below the top) as an oval, and the line of the eyes.
function drawGuide(pen, width, height, ok) {
  const h = Math.min(height * 0.92, (width * 0.92 * 45) / 35);
  const w = (h * 35) / 45;
  const x = (width - w) / 2;
  const y = (height - h) / 2;
  const eyes = y + (h * 21.4) / 45;
  pen.save();
  pen.fillStyle = "rgba(0, 0, 0, 0.35)";
  pen.beginPath();
  pen.rect(0, 0, width, height);
  pen.rect(x, y, w, h);
  pen.fill("evenodd");
  twice(pen, Math.max(6, height / 120), ok, () => {
    pen.beginPath();
    pen.ellipse(width / 2, y + (h * 21) / 45, (h * 12.5) / 45, (h * 17) / 45, 0, 0, 2 * Math.PI);
    pen.rect(x, y, w, h);
    for (const side of [-1, 1]) {
      pen.moveTo(width / 2 + side * w * 0.16, eyes);
      pen.lineTo(width / 2 + side * w * 0.46, eyes);
    }
    pen.stroke();
  });
  const size = Math.round(h / 18);
  pen.font = `bold ${size}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillStyle = "#000000";
  pen.fillRect(x - size * 0.7, eyes - size * 0.7, size * 1.4, size * 1.4);
  pen.fillStyle = "#ffffff";
  pen.fillText("目", x, eyes);
  pen.restore();
}

const WAY = { left: Math.PI, right: 0, up: -Math.PI / 2, down: Math.PI / 2 };

// The face as it was found, and an arrow from it to where it has to go.
function drawFace(pen, width, height, { box, move }) {
  const [x, y, w, h] = [box[0] * width, box[1] * height, box[2] * width, box[3] * height];
  const line = Math.max(6, height / 120);
  pen.save();
  twice(pen, line / 2, false, () => pen.strokeRect(x, y, w, h));
  if (move in WAY) {
    const long = Math.min(width, height) / 5;
    pen.translate(x + w / 2, y + h / 2);
    pen.rotate(WAY[move]);
    pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(long, 0);
    pen.lineTo(long * 0.5, -long * 0.45);
    pen.lineTo(long * 0.5, -long * 0.18);
    pen.lineTo(-long * 0.5, -long * 0.18);
    pen.lineTo(-long * 0.5, long * 0.18);
    pen.lineTo(long * 0.5, long * 0.18);
    pen.lineTo(long * 0.5, long * 0.45);
    pen.closePath();
    pen.fillStyle = "#ffd43d";
    pen.strokeStyle = "#000000";
    pen.lineWidth = line;
    pen.stroke();
    pen.fill();
  }
  pen.restore();
}
