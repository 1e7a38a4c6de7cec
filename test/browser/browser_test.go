package browser_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"hotline/test/browser"
)

// loopback sends the microphone to the page itself through two peer connections, so that the ears can be tried without a hotline.
const loopback = `<!doctype html><audio autoplay></audio><button data-testid="go" onclick="go()">go</button><script>
async function go() {
  const stream = await navigator.mediaDevices.getUserMedia({audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
  const a = new RTCPeerConnection(), b = new RTCPeerConnection();
  a.onicecandidate = (e) => b.addIceCandidate(e.candidate);
  b.onicecandidate = (e) => a.addIceCandidate(e.candidate);
  b.ontrack = (e) => { document.querySelector('audio').srcObject = new MediaStream([e.track]); };
  a.addTrack(stream.getAudioTracks()[0], stream);
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
}
</script>`

func TestEarsHearTheMicrophone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(loopback))
	}))
	defer server.Close()
	dir := t.TempDir()
	b, err := browser.Launch(t.Context(), browser.Config{Dir: dir, Hz: 1000, Log: filepath.Join(dir, "log")})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	p, err := b.Open(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Click("go"); err != nil {
		t.Fatal(err)
	}
	if err := p.AwaitHeard(10*time.Second, 1000); err != nil {
		t.Fatal(err, p.Complaints())
	}
	if other, err := p.Heard(440, time.Now().Add(-400*time.Millisecond)); err != nil || other > 0.1 {
		t.Fatalf("440 Hz heard for %.2f of the time (%v), though the microphone says 1000 Hz", other, err)
	}
}
