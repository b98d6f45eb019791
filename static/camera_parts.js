// What camera.js says, and what it does with pixels. No state, no network.
export const LOST = {
  NotAllowedError: "カメラの使用が許可されていません。画面上部のカメラの印を押して「許可」にし、「撮影」を押してください。",
  NotFoundError: "カメラが見つかりません。カメラのケーブルやふたを確かめ、つないでから「撮影」を押してください。",
  NotReadableError: "カメラを他のアプリが使っています。ビデオ会議などのアプリを閉じてから「撮影」を押してください。",
  OverconstrainedError: "選んだカメラが使えません。「カメラ切替」で別のカメラを選んでください。",
  ended: "カメラとの接続が切れました。ケーブルを確かめ、「撮影」を押すと再びつなぎます。撮った写真は残っています。",
  insecure: "この画面の開き方ではカメラを使えません。キットの起動アイコンから開き直してください。",
  other: "カメラを始められません。カメラをつなぎ直してから「撮影」を押してください。",
};
export const SAYS = {
  starting: "カメラを準備しています。",
  sending: "写真を調べています。そのままお待ちください。",
  unsent: "写真を送れませんでした。写真は残っています。「この写真を使う」を押すと、もう一度送ります。",
  pass: "よい写真です。「この写真を使う」を押してください。",
  noguide: "自動の案内が使えません。枠に顔を合わせれば撮影はできます。",
};

export function grab(video, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas;
}

export function toJpeg(canvas, quality) {
  return new Promise((done, fail) => {
    const made = (blob) => (blob ? done(blob) : fail(new Error("no frame")));
    canvas.toBlob(made, "image/jpeg", quality);
  });
}

// Mean absolute second difference in the middle of the frame: enough to rank a burst.
export function sharpness(canvas) {
  const w = Math.min(canvas.width, 480);
  const h = Math.min(canvas.height, 480);
  const x0 = (canvas.width - w) >> 1;
  const y0 = (canvas.height - h) >> 1;
  const { data } = canvas.getContext("2d").getImageData(x0, y0, w, h);
  let sum = 0;
  for (let y = 0; y < h; y += 2) {
    for (let x = 1; x < w - 1; x += 1) {
      const i = (y * w + x) * 4 + 1;
      sum += Math.abs(2 * data[i] - data[i - 4] - data[i + 4]);
    }
  }
  return sum;
}

// 35:45 frame with the head (34 mm high, 4 mm below the top) as an oval.
export function drawGuide(pen, width, height, ok) {
  const h = Math.min(height * 0.92, (width * 0.92 * 45) / 35);
  const w = (h * 35) / 45;
  const x = (width - w) / 2;
  const y = (height - h) / 2;
  pen.save();
  pen.fillStyle = "rgba(0, 0, 0, 0.35)";
  pen.beginPath();
  pen.rect(0, 0, width, height);
  pen.rect(x, y, w, h);
  pen.fill("evenodd");
  const oval = () => {
    pen.beginPath();
    pen.ellipse(width / 2, y + (h * 21) / 45, (h * 12.5) / 45, (h * 17) / 45, 0, 0, 2 * Math.PI);
    pen.rect(x, y, w, h);
    pen.stroke();
  };
  pen.lineWidth = Math.max(6, height / 120);
  pen.strokeStyle = "#000000";
  oval();
  pen.lineWidth /= 2;
  pen.strokeStyle = ok ? "#ffffff" : "#ffd43d";
  pen.setLineDash(ok ? [] : [height / 30, height / 60]); // never by colour alone
  oval();
  pen.restore();
}
