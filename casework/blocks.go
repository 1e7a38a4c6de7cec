package casework

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// BlockKind says what kind of abuse a block answers.
type BlockKind string

// The kinds.
const (
	BlockHarassment BlockKind = "harassment" // sexual or other
	BlockThreat     BlockKind = "threat"
	BlockPrank      BlockKind = "prank"
	BlockFlooding   BlockKind = "flooding" // calls again and again so that others cannot be served
	BlockOther      BlockKind = "other"
)

// BlockKinds lists them.
func BlockKinds() []BlockKind {
	return []BlockKind{BlockHarassment, BlockThreat, BlockPrank, BlockFlooding, BlockOther}
}

// BlockState is where a block stands.
type BlockState string

// The states. An approved block is in force until it expires; expiring changes no row.
const (
	BlockProposed BlockState = "proposed"
	BlockApproved BlockState = "approved"
	BlockRefused  BlockState = "refused"
	BlockLifted   BlockState = "lifted"
)

// How long a block lasts. There is none without an end.
const (
	BlockLeast   = time.Hour
	BlockDefault = 24 * time.Hour
	BlockMost    = 30 * 24 * time.Hour
)

// Errors of blocks.
var (
	// ErrOwnProposal says that whoever proposed a block cannot approve it: two people must see it so.
	ErrOwnProposal = errors.New("casework: a block is approved by another person than who proposed it")
	// ErrNoCaller says that the call cannot be blocked: its number was withheld.
	ErrNoCaller = errors.New("casework: the caller of this call is not known: the number was withheld")
)

// Block keeps one caller who abuses the line behind everybody else, for a time. It names the caller by pseudonym only; the danger key still
// makes such a call red.
type Block struct {
	ID        string
	CallerRef string
	Call      string // from which it was proposed
	Line      string
	Kind      BlockKind
	Reason    string
	State     BlockState
	Proposed  time.Time
	By        string // user id of who proposed it
	Decided   time.Time
	DecidedBy string
	Expires   time.Time
	Lifted    time.Time
	LiftedBy  string
}

// InForce tells whether the block holds at the time.
func (b Block) InForce(now time.Time) bool { return b.State == BlockApproved && now.Before(b.Expires) }

// Blocks is the table of blocks.
type Blocks struct {
	db  *storage.DB
	now func() time.Time
}

// NewBlocks uses the tables that [Migrate] made.
func NewBlocks(db *storage.DB) *Blocks { return &Blocks{db, time.Now} }

// Propose asks for a block of the caller of a call, in progress or ended. A caller has one proposal at a time: a further one returns it.
// ErrNotFound for an unknown call, ErrNoCaller when the number was withheld.
func (b *Blocks) Propose(ctx context.Context, call string, kind BlockKind, reason, by string) (Block, error) {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); by == "" || n < 3 || n > 500 || !slices.Contains(BlockKinds(), kind) {
		return Block{}, errors.New("casework: propose a block: who, a kind, and a reason of 3 to 500 characters are needed")
	}
	var out Block
	err := b.db.InTx(ctx, func(tx *storage.Tx) error {
		var ref, line string
		err := tx.QueryRow(ctx, `SELECT caller_ref, line FROM calls WHERE id = ?`, call).Scan(&ref, &line)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err == nil && ref == "" {
			return ErrNoCaller
		}
		if err != nil {
			return err
		}
		out, err = scanBlock(tx.QueryRow(ctx, `SELECT `+blockColumns+` FROM blocks WHERE caller_ref = ? AND state = 'proposed' LIMIT 1`, ref))
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		out = Block{
			ID: ulid.Make().String(), CallerRef: ref, Call: call, Line: line, Kind: kind, Reason: reason, State: BlockProposed,
			Proposed: storage.Time(storage.Millis(b.now())), By: by,
		}
		_, err = tx.Exec(ctx, `INSERT INTO blocks (`+blockColumns+`) VALUES (?,?,?,?,?,?,'proposed',?,?,0,'',0,0,'')`, out.ID, ref, call, line, string(kind), reason,
			storage.Millis(out.Proposed), by)
		return err
	})
	return out, wrap("propose a block", err)
}

// Served tells whether the ledger knows the agent as who talked last in a call.
func (b *Blocks) Served(ctx context.Context, call, agent string) (bool, error) {
	c, err := NewLedger(b.db).Get(ctx, call)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return agent != "" && c.Agent == agent, err
}

// Approve puts a proposed block in force for a span of 1 h to 30 days. ErrOwnProposal when the same person proposed it; ErrClosed when it was
// decided before.
func (b *Blocks) Approve(ctx context.Context, id, by string, span time.Duration) (Block, error) {
	if span < BlockLeast || span > BlockMost {
		return Block{}, fmt.Errorf("casework: approve a block: give 1 h to 30 days, not %s", span)
	}
	return b.decide(ctx, id, by, func(bl *Block) error {
		if bl.By == by {
			return ErrOwnProposal
		}
		if bl.State != BlockProposed {
			return ErrClosed
		}
		bl.State, bl.Decided, bl.DecidedBy, bl.Expires = BlockApproved, b.now(), by, b.now().Add(span)
		return nil
	})
}

// Refuse says no to a proposed block.
func (b *Blocks) Refuse(ctx context.Context, id, by string) (Block, error) {
	return b.decide(ctx, id, by, func(bl *Block) error {
		if bl.State != BlockProposed {
			return ErrClosed
		}
		bl.State, bl.Decided, bl.DecidedBy = BlockRefused, b.now(), by
		return nil
	})
}

// Lift ends a block that is in force before its time. ErrClosed when none is.
func (b *Blocks) Lift(ctx context.Context, id, by string) (Block, error) {
	return b.decide(ctx, id, by, func(bl *Block) error {
		if !bl.InForce(b.now()) {
			return ErrClosed
		}
		bl.State, bl.Lifted, bl.LiftedBy = BlockLifted, b.now(), by
		return nil
	})
}

func (b *Blocks) decide(ctx context.Context, id, by string, fn func(*Block) error) (Block, error) {
	if by == "" {
		return Block{}, errors.New("casework: decide a block: who does it is needed")
	}
	var out Block
	err := b.db.InTx(ctx, func(tx *storage.Tx) error {
		bl, err := scanBlock(tx.QueryRow(ctx, `SELECT `+blockColumns+` FROM blocks WHERE id = ?`, id))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := fn(&bl); err != nil {
			return err
		}
		out = bl
		_, err = tx.Exec(ctx, `UPDATE blocks SET state = ?, decided_ms = ?, decided_by = ?, expires_ms = ?, lifted_ms = ?, lifted_by = ? WHERE id = ?`,
			string(bl.State), storage.Millis(bl.Decided), bl.DecidedBy, storage.Millis(bl.Expires), storage.Millis(bl.Lifted), bl.LiftedBy, id)
		return err
	})
	return out, wrap("decide block "+id, err)
}

// List returns at most limit blocks: proposals first, then those in force, then what is over, each the newest first.
func (b *Blocks) List(ctx context.Context, limit int) ([]Block, error) {
	out, err := storage.Select(ctx, b.db, scanBlock, `SELECT `+blockColumns+` FROM blocks
		ORDER BY CASE WHEN state = 'proposed' THEN 0 WHEN state = 'approved' AND expires_ms > ? THEN 1 ELSE 2 END, proposed_ms DESC, id DESC LIMIT ?`,
		storage.Millis(b.now()), limit)
	return out, wrap("list blocks", err)
}

const blockColumns = `id, caller_ref, call_id, line, kind, reason, state, proposed_ms, proposed_by, decided_ms, decided_by, expires_ms, lifted_ms, lifted_by`

func scanBlock(s storage.Row) (b Block, err error) {
	var proposed, decided, expires, lifted int64
	err = s.Scan(&b.ID, &b.CallerRef, &b.Call, &b.Line, &b.Kind, &b.Reason, &b.State, &proposed, &b.By, &decided, &b.DecidedBy, &expires, &lifted, &b.LiftedBy)
	b.Proposed, b.Decided, b.Expires, b.Lifted = storage.Time(proposed), storage.Time(decided), storage.Time(expires), storage.Time(lifted)
	return b, err
}
