// A beep and a vibration: a hand in a glove and eyes on the bag need no screen to know.
let audio = null;

// Sound may only begin at somebody's touch: call this when the scanner is opened.
export function wakeSound() {
  try {
    audio ??= new AudioContext();
    audio.resume().catch(() => {});
  } catch {
    audio = null; // a phone without it still vibrates
  }
}

function tone(hertz, after, seconds) {
  if (audio?.state !== "running") return;
  const [voice, volume] = [audio.createOscillator(), audio.createGain()];
  volume.gain.value = 0.2;
  voice.frequency.value = hertz;
  voice.connect(volume).connect(audio.destination);
  voice.start(audio.currentTime + after);
  voice.stop(audio.currentTime + after + seconds);
}

export function good() {
  tone(1320, 0, 0.09);
  navigator.vibrate?.(70);
}

export function bad() {
  tone(330, 0, 0.12);
  tone(330, 0.18, 0.12);
  navigator.vibrate?.([60, 60, 60]);
}
