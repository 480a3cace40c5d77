// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueLedger} from "../../../src/revenue/IRevenueLedger.sol";
import {
    BombToken,
    GasBurner,
    ManyDecimals,
    MaxSupplyToken,
    PermitLess,
    PhantomPermit,
    SilentToken,
    ZeroDecimals
} from "../../utils/zoo/odd.sol";
import {
    BlocklistToken,
    BoastingToken,
    FalseToken,
    FeeToken,
    LyingToken,
    PausableToken,
    RebasingDown,
    RebasingUp,
    ReenteringToken,
    RevertingToken
} from "../../utils/zoo/wild.sol";
import {ZooToken} from "../../utils/zoo/ZooToken.sol";
import {ZooTest} from "./ZooTest.sol";

/// @notice One test a token: a row of the table that zoo.tree speaks of.
contract ZooTableTest is ZooTest {
    /// @dev y: the call succeeds, n: it is refused. In the order of `Entry`: money in by the ledger, by the market, a
    /// rescue; what only moves inside; money out; what waits in the market, out or in; many sales at once.
    function checkRow(ZooToken zoo, string memory row) internal {
        settleIn(zoo);
        assertEq(bytes(row).length, ENTRIES, "a letter for every call");
        bytes32 honestBefore = stateOf(honest);
        bytes32 before = stateOf(token);
        for (uint256 i; i < ENTRIES; ++i) {
            uint256 snapshot = vm.snapshotState();
            zoo.letLoose(true);
            string memory call = string.concat("call ", vm.toString(i));
            assertEq(run(Entry(i)) ? "y" : "n", bytes(row)[i], call);
            zoo.letLoose(false);
            if (bytes(row)[i] == "n") {
                assertTrue(stateOf(token) == before, string.concat(call, ": nothing has moved"));
            }
            assertTrue(stateOf(honest) == honestBefore, string.concat(call, ": another token"));
            checkOthers(call);
            vm.revertToState(snapshot);
        }
    }

    function assertEq(string memory actual, bytes1 expected, string memory what) internal pure {
        assertTrue(bytes(actual)[0] == expected, what);
    }

    /// @dev The books say what the balance says, and whoever had money in the token takes all of it out.
    function checkOthers(string memory call) internal {
        if (!isUntrue) assertEq(token.balanceOf(address(ledger)), oweAll(), string.concat(call, ": conserved"));
        uint256 before = token.balanceOf(curie);
        uint256 due = ledger.collectableOf(other, address(token));
        assertTrue(due >= SALE * 89 / 100, string.concat(call, ": the other owner's due"));
        collect(other);
        if (!isUntrue) assertEq(token.balanceOf(curie) - before, due, string.concat(call, ": paid in full"));
    }

    /// @dev Whether balances change by themselves, or are not what was asked for.
    bool internal isUntrue;

    string internal constant ALL = "yyyyyyyyyyyyyyyyyy";
    /// @dev Nothing moves; what only moves inside does.
    string internal constant STUCK = "nnnnnnnnnynnynnnnn";
    /// @dev Nothing comes in; what is there goes out.
    string internal constant OUT_ONLY = "nnnnnnnnyyyyyyynnn";

    function test_Silent() public {
        checkRow(new SilentToken(), ALL);
    }

    function test_Bomb() public {
        checkRow(new BombToken(), ALL);
    }

    function test_ZeroDecimals() public {
        checkRow(new ZeroDecimals(), ALL);
    }

    function test_ManyDecimals() public {
        checkRow(new ManyDecimals(), ALL);
    }

    function test_MaxSupply() public {
        checkRow(new MaxSupplyToken(), ALL);
    }

    function test_GasBurner() public {
        checkRow(new GasBurner(), ALL);
    }

    /// @dev A permit that fails is no error while there is an allowance.
    function test_PermitLess() public {
        checkRow(new PermitLess(), "ynyyyyynyyyyyyyyyy");
    }

    /// @dev What answers well and does nothing is measured.
    function test_PhantomPermit() public {
        checkRow(new PhantomPermit(), "ynyyyyynyyyyyyyyyy");
    }

    function test_Fee() public {
        checkRow(new FeeToken(), OUT_ONLY);
    }

    function test_RebasingUp() public {
        isUntrue = true;
        checkRow(new RebasingUp(), OUT_ONLY);
    }

    function test_RebasingDown() public {
        isUntrue = true;
        checkRow(new RebasingDown(), OUT_ONLY);
    }

    function test_False() public {
        checkRow(new FalseToken(), STUCK);
    }

    /// @dev Whoever takes a lying token out is lied to; the books of all others stand.
    function test_Lying() public {
        isUntrue = true;
        checkRow(new LyingToken(), OUT_ONLY);
    }

    function test_Boasting() public {
        checkRow(new BoastingToken(), "nnnnnnnnnyyyyyynnn");
    }

    function test_Reverting() public {
        checkRow(new RevertingToken(), STUCK);
    }

    function test_Paused() public {
        checkRow(new PausableToken(), STUCK);
    }

    function test_Reentering() public {
        ReenteringToken zoo = new ReenteringToken();
        checkRow(zoo, ALL);
        for (uint256 i; i < ENTRIES; ++i) {
            (, address target, bytes memory data) = callOf(Entry(i));
            zoo.callBack(target, data);
        }
        zoo.letLoose(true);
        for (uint256 i; i < ENTRIES; ++i) {
            uint256 snapshot = vm.snapshotState();
            assertTrue(run(Entry(i)), string.concat("call ", vm.toString(i)));
            // While the market is called, the ledger may be: by anybody, for anybody, as at any other time.
            bool byLedger = i < 3 || i > 7 && i < 14 || i == uint256(Entry.PayMany);
            if (byLedger) assertTrue(zoo.successes() == 0, "gets nothing done");
            zoo.letLoose(false);
            checkOthers("calling back");
            vm.revertToState(snapshot);
        }
    }

    /* one refused payee */

    function test_ARefusedPayeeBlocksNobody() public {
        BlocklistToken zoo = new BlocklistToken();
        zoo.blockAccount(boole);
        checkRow(zoo, "yyyyyyyyyynyynyyyy");
        ledger.pullMany(address(token), list(model));
        zoo.letLoose(true);
        vm.expectRevert(bytes4(keccak256("TransferFailed()")));
        ledger.collectMany(address(token), list(model, dataset));
        ledger.collectMany(address(token), list(0, dataset, other));
        ledger.collectContributions(address(token), only(contributionOf(0)));
        assertTrue(token.balanceOf(ada) != 0 && token.balanceOf(alpha) != 0, "the others are paid");
        zoo.letLoose(false);
        collect(model);
        assertEq(token.balanceOf(boole), 890_000, "the refused payee loses nothing");
    }

    function test_ATokenThatFreezesTheLedger() public {
        BlocklistToken zoo = new BlocklistToken();
        zoo.blockAccount(address(ledger));
        checkRow(zoo, "nnnnyynnyynnynynnn");
        zoo.letLoose(true);
        ledger.collectMany(address(honest), list(model, other));
        assertEq(honest.balanceOf(curie), 890_000, "another token is paid out");
    }

    /* a rebase between two calls */

    function test_ARebaseBetweenTwoCalls() public {
        RebasingUp up = new RebasingUp();
        settleIn(up);
        changeBy(up, 10);
        ledger.pullMany(address(token), list(model, other));
        ledger.collectMany(address(token), list(model, other, liened));
        assertTrue(token.balanceOf(curie) >= 889_999, "what is owed, less what the token rounds off");
        assertTrue(token.balanceOf(address(ledger)) > 0, "and something is left");

        RebasingDown down = new RebasingDown();
        settleIn(down);
        bytes32 honestBefore = stateOf(honest);
        changeBy(down, 30);
        ledger.pullMany(address(token), list(model, other));
        ledger.collectMany(address(token), list(model, other, liened));
        ledger.collectContributions(address(token), only(contributionOf(0)));
        vm.expectRevert(bytes4(keccak256("TransferFailed()")));
        ledger.collectMany(address(token), list(0, dataset, collection));
        assertTrue(stateOf(honest) == honestBefore, "no other token pays for it");
        token.mint(address(ledger), 5 * SALE);
        ledger.collectMany(address(token), list(0, dataset, collection));
    }

    /// @dev Transfers among strangers, at each of which every balance changes.
    function changeBy(ZooToken zoo, uint256 transfers) internal {
        zoo.letLoose(true);
        for (uint256 i; i < transfers; ++i) {
            vm.prank(reader);
            token.transfer(relayer, 1);
        }
        zoo.letLoose(false);
    }

    /* too much of it */

    function test_ATokenOfWhichThereIsTooMuch() public {
        MaxSupplyToken zoo = new MaxSupplyToken();
        settleIn(zoo);
        uint256 most = (type(uint128).max >> 2) - SALE;
        token.mint(reader, type(uint192).max);
        vm.startPrank(reader);
        vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_TotalTooLarge.selector, other, most + 1));
        ledger.pay(other, address(token), most + 1);
        ledger.pay(other, address(token), most);
        vm.stopPrank();
        uint256 due = ledger.collectableOf(other, address(token));
        collect(other);
        assertEq(token.balanceOf(curie), due, "paid out");
        assertEq(due, (most + SALE) * 89 / 100, "its share");
    }

    /* a permit that is none */

    function test_APhantomPermitIsNoAllowance() public {
        settleIn(new PhantomPermit());
        vm.prank(buyer);
        token.approve(address(ledger), 0);
        assertTrue(!run(Entry.BuyWithPermit), "refused");
        assertEq(market.passOf(offers[Entry.BuyWithPermit], buyer).purchases, 0, "no pass");
    }
}
