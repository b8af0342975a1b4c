// The camera behind the phone: what can be done with it, and in plain words why it cannot be had.
const NEXT = "现在可以拍照识别，或者输入编码。";
const WORDS = {
  plain: `这个网址没有加密（是 http，不是 https），手机不让网页用摄像头。请管理员给网站装上 TLS 证书。${NEXT}`,
  none: `这个浏览器不让网页用摄像头。${NEXT}`,
  NotAllowedError: `没有允许使用摄像头。想用的话，在浏览器或微信的设置里允许，再点“重试”。${NEXT}`,
  NotFoundError: `没有找到摄像头。${NEXT}`,
  NotReadableError: `摄像头正被别的程序占着（例如视频通话）。关掉它，再点“重试”。${NEXT}`,
  ended: `摄像头被别的程序拿走了。关掉它，再点“重试”。${NEXT}`,
  other: `摄像头打不开。${NEXT}`,
};
WORDS.SecurityError = WORDS.NotAllowedError;
WORDS.OverconstrainedError = WORDS.NotFoundError;
WORDS.AbortError = WORDS.NotReadableError;

export class CameraProblem extends Error {
  constructor(name) {
    super(WORDS[name] ?? WORDS.other);
    this.again = !["plain", "none"].includes(name); // trying again may help
  }
}

// Shows the camera in `video`. → {torch: null | (on) => Promise, zoom: null | {min, max, step, value, set}, stop}
// `onLost` is told when another program takes the camera away. Throws CameraProblem.
export async function startCamera(video, onLost) {
  if (!window.isSecureContext) throw new CameraProblem("plain");
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraProblem("none");
  const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 960 } };
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  } catch (error) {
    throw new CameraProblem(error.name);
  }
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => onLost(new CameraProblem("ended")));
  video.srcObject = stream;
  try {
    await video.play();
  } catch {
    // Closed before it began; frames are looked at only once there are some.
  }
  const can = track.getCapabilities?.() ?? {};
  const set = (settings) => track.applyConstraints({ advanced: [settings] }).catch(() => {});
  return {
    torch: can.torch ? (on) => set({ torch: on }) : null,
    zoom: can.zoom?.max > can.zoom?.min ? { ...can.zoom, value: track.getSettings().zoom, set: (zoom) => set({ zoom }) } : null,
    stop() {
      track.stop();
      video.srcObject = null;
    },
  };
}

const MIDDLE = 0.5;
const canvas = document.createElement("canvas");
const pen = canvas.getContext("2d", { willReadFrequently: true });
let close = false;

// The pixels of the frame now shown: by turns all of it, and its middle at twice the size, where a
// small or distant label gets dots enough to be read. null before the first frame.
export function frameOf(video) {
  const { videoWidth: width, videoHeight: height } = video;
  if (!width || !height) return null;
  close = !close;
  const part = close ? MIDDLE : 1;
  const [left, top] = [(width * (1 - part)) / 2, (height * (1 - part)) / 2];
  [canvas.width, canvas.height] = [width, height];
  pen.drawImage(video, left, top, width * part, height * part, 0, 0, width, height);
  return pen.getImageData(0, 0, width, height);
}
