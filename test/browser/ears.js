// Runs before the page's own scripts. Every sound that a peer connection brings is kept for half a minute, so that a test can ask what
// the person at this screen heard. The page itself is not touched: tracks have any number of listeners.
(() => {
  const keep = 30_000; // ms
  const chunks = []; // {at: ms since 1970 at the end of the chunk, rate, pcm: Float32Array}

  async function listen(track) {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (;;) {
      const { done, value: data } = await reader.read();
      if (done) return;
      const pcm = new Float32Array(data.numberOfFrames);
      data.copyTo(pcm, { planeIndex: 0, format: 'f32-planar' });
      chunks.push({ at: Date.now(), rate: data.sampleRate, pcm });
      data.close();
      while (chunks.length > 0 && chunks[0].at < Date.now() - keep) chunks.shift();
    }
  }

  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(...args) {
      super(...args);
      this.addEventListener('track', (event) => {
        if (event.track.kind === 'audio') void listen(event.track);
      });
    }
  };

  // Goertzel's algorithm: how much of the power is at hz, 0 to 1.
  function share(pcm, rate, hz) {
    const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
    let s1 = 0;
    let s2 = 0;
    let energy = 0;
    for (const x of pcm) {
      energy += x * x;
      [s1, s2] = [x + coefficient * s1 - s2, s1];
    }
    if (energy / pcm.length < 1e-6) return 0;
    return (2 * (s1 * s1 + s2 * s2 - coefficient * s1 * s2)) / (pcm.length * energy);
  }

  window.__ears = {
    /** How much of the time since `since` (ms since 1970) had at least that much of its power (half) at hz, 0 to 1. */
    share(hz, since, least = 0.5) {
      const from = Math.max(since, Date.now() - keep);
      let heard = 0;
      for (const c of chunks) if (c.at >= from && share(c.pcm, c.rate, hz) >= least) heard += (1000 * c.pcm.length) / c.rate;
      return heard / Math.max(1, Date.now() - from);
    },
    /** Root mean square of everything heard since then, of full scale. */
    level(since) {
      let energy = 0;
      let n = 0;
      for (const c of chunks) {
        if (c.at < since) continue;
        for (const x of c.pcm) energy += x * x;
        n += c.pcm.length;
      }
      return n === 0 ? 0 : Math.sqrt(energy / n);
    },
    chunks: () => chunks.length,
  };
})();
