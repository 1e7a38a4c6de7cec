package asterisktest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline/deploy/asterisk"
)

// modules are all that the tests need; with so few a node is ready in about half a second.
const modules = `res_sorcery_config res_sorcery_memory res_sorcery_astdb res_timing_timerfd res_http_websocket res_musiconhold
	res_pjproject res_pjsip res_pjsip_pubsub res_pjsip_session res_pjsip_sdp_rtp res_pjsip_endpoint_identifier_ip res_pjsip_caller_id
	res_pjsip_rfc3326 res_pjsip_header_funcs res_rtp_asterisk res_rtp_multicast chan_pjsip chan_rtp chan_bridge_media
	res_stasis res_stasis_answer res_stasis_playback res_stasis_recording res_stasis_snoop res_stasis_device_state app_stasis res_stasis_broadcast app_stasis_broadcast
	res_websocket_client res_ari res_ari_model res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels
	res_ari_events res_ari_playbacks res_ari_recordings
	bridge_simple bridge_softmix bridge_holding bridge_native_rtp
	codec_alaw codec_ulaw codec_a_mu codec_resample format_wav format_pcm format_sln
	pbx_config app_echo app_milliwatt app_senddtmf app_verbose app_dial app_playback func_channel func_callerid`

func (n *Node) configure(t testing.TB, in asterisk.Installation, o Options, ariPort, sipPort int) {
	t.Helper()
	dir := func(name string) string { return filepath.Join(n.Dir, name) }
	n.tone(t, filepath.Join(dir("moh"), "hold.wav"), HoldHz, 20*time.Second)
	n.tone(t, filepath.Join(dir("moh-en"), "hold.wav"), OtherHoldHz, 20*time.Second)
	n.tone(t, filepath.Join(dir("sounds"), "prompt.wav"), PromptHz, time.Second)
	for _, name := range []string{"etc", "run", "log", "spool", "state", "keys"} {
		if err := os.MkdirAll(dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var load strings.Builder
	for _, m := range strings.Fields(modules) {
		fmt.Fprintf(&load, "load=%s.so\n", m)
	}
	files := map[string]string{
		"asterisk.conf": fmt.Sprintf(`[directories](!)
[directories]
astetcdir => %s
astmoddir => %s
astvarlibdir => %s
astdbdir => %s
astkeydir => %s
astdatadir => %s
astagidir => %s
astspooldir => %s
astrundir => %s
astlogdir => %s
[options]
live_dangerously = no
`, dir("etc"), in.Modules, dir("state"), dir("state"), dir("keys"), in.Data, dir("state"), dir("spool"), dir("run"), dir("log")),
		"modules.conf":     "[modules]\nautoload=no\n" + load.String(),
		"logger.conf":      "[general]\n[logfiles]\nconsole => error,warning\n",
		"http.conf":        fmt.Sprintf("[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport=%d\nsessionlimit=500\n", ariPort),
		"ari.conf":         "[general]\nenabled=yes\nchannelvars=HOTLINE,HOTLINE_HOPS,HOTLINE_TIER\n[" + User + "]\ntype=user\npassword=" + Password + "\n",
		"rtp.conf":         "[general]\nrtpstart=20000\nrtpend=29999\nstrictrtp=no\n",
		"musiconhold.conf": "[hold]\nmode=files\ndirectory=" + dir("moh") + "\n[hold-en]\nmode=files\ndirectory=" + dir("moh-en") + "\n",
		"pjproject.conf":   "[startup]\nlog_level=0\n",
		"pjsip.conf":       pjsip(sipPort) + o.Endpoints,
		"extensions.conf":  extensions + o.Extensions,
	}
	for _, name := range []string{"stasis", "ccss", "cdr", "cel", "features", "indications", "acl", "udptl", "websocket_client"} {
		files[name+".conf"] = "" // Asterisk wants to see the file, not what is in it
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir("etc"), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func pjsip(port int) string {
	return fmt.Sprintf(`[global]
type=global
endpoint_identifier_order=ip
[udp]
type=transport
protocol=udp
bind=127.0.0.1:%d
[tcp]
type=transport
protocol=tcp
bind=127.0.0.1:%d
[phone]
type=endpoint
context=in
disallow=all
allow=alaw,ulaw
direct_media=no
dtmf_mode=rfc4733
media_address=127.0.0.1
rtp_symmetric=no
[phone]
type=identify
endpoint=phone
match=127.0.0.1
`, port, port)
}

const extensions = `[in]
exten => echo,1,Answer()
 same => n,Echo()
exten => milliwatt,1,Answer()
 same => n,Milliwatt()
exten => busy,1,Hangup(17)
exten => broadcast,1,StasisBroadcast(500,,,yes)
 same => n,Hangup(42)
exten => _stasis-.,1,Stasis(${EXTEN:7})
 same => n,Hangup(42)
exten => parked,1,Answer()
 same => n,Milliwatt()
`
