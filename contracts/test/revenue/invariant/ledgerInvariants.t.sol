// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../../src/revenue/IRevenueLedger.sol";
import {AgoraiTest} from "../../utils/AgoraiTest.sol";
import {HostileToken} from "../../utils/HostileToken.sol";
import {ITestUSD} from "../../utils/ITestUSD.sol";
import {PlainToken} from "../../utils/PlainToken.sol";
import {SumTreeBuilder} from "../../utils/SumTreeBuilder.sol";
import {LedgerBooks} from "./LedgerBooks.sol";
import {LedgerHandler} from "./LedgerHandler.sol";

/// @dev Approvals are the only thing that the handler needs beyond what the hostile token has.
contract LongAnswers is HostileToken {
    constructor() {
        behaviour = Behaviour.ReturnsBomb;
    }

    function approve(address, uint256) external pure returns (bool) {
        return true;
    }
}

/// @notice The numbers are those of README.md beside this file.
contract LedgerInvariants is AgoraiTest {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant TOKENS = 3;

    LedgerHandler internal handler;

    function setUp() public override {
        super.setUp();
        ITestUSD[] memory tokens = new ITestUSD[](TOKENS);
        tokens[0] = token;
        tokens[1] = ITestUSD(address(new PlainToken()));
        tokens[2] = ITestUSD(address(new LongAnswers()));
        vm.startPrank(governor);
        ledger.setTokenAllowed(address(tokens[1]), true);
        ledger.setTokenAllowed(address(tokens[2]), true);
        vm.stopPrank();
        handler = new LedgerHandler(registry, ledger, market, governor, tokens);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Read by forge: the calls that a run is made of.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        string[23] memory signatures = callsOf();
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(handler), selectors: new bytes4[](signatures.length)});
        for (uint256 i; i < signatures.length; ++i) {
            targets[0].selectors[i] = bytes4(keccak256(bytes(signatures[i])));
        }
    }

    function callsOf() internal pure returns (string[23] memory) {
        return [
            "pay(uint256,uint256)",
            "payMany(uint256,uint256)",
            "payWithAuthorization(uint256,uint256)",
            "sweep(uint256,uint256)",
            "donate(uint256,uint256)",
            "buy(uint256,uint40)",
            "buyHeld(uint256,uint40)",
            "refundHeld(uint256)",
            "releaseHeld(uint256)",
            "buyTimed(uint256,uint40)",
            "refundTimed(uint256)",
            "accrue(uint256)",
            "passTime(uint256)",
            "pull(uint256)",
            "collect(uint256)",
            "collectFee(uint256)",
            "collectContribution(uint256)",
            "creditMember(uint256)",
            "setLien(uint256,uint16,uint88)",
            "transferAsset(uint256,uint256)",
            "setFee(uint256)",
            "publish(uint256)",
            "publishVersion(uint256)"
        ];
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /* AFTER EVERY CALL */

    function invariant_R1toR5R9R10() external view {
        for (uint256 t; t < TOKENS; ++t) {
            checkBalances(handler.tokenAt(t));
        }
        (uint256[] memory versions, address[] memory tokens) = handler.touched();
        for (uint256 i; i < versions.length; ++i) {
            checkVersion(versions[i], tokens[i]);
        }
    }

    function checkBalances(ITestUSD token_) internal view {
        uint256 expected = handler.receivedInAll(address(token_)) + handler.donatedInAll(address(token_))
            - handler.paidInAll(address(token_));
        assertEq(token_.balanceOf(address(ledger)), expected, "R1: the ledger's balance");
        assertEq(token_.balanceOf(address(market)), handler.waiting(address(token_)), "R9: the market's balance");
    }

    struct Totals {
        uint256 sales;
        uint256 royalties;
        uint256 residue;
        uint256 shares;
        uint256 terms;
    }

    function checkVersion(uint256 version, address token_) internal view {
        LedgerBooks.Account memory books = handler.accountOf(version, token_);
        Totals memory totals;
        {
            uint256 collected;
            uint256 pulled;
            (totals.sales, totals.royalties, collected, pulled) = ledger.accountOf(version, token_);
            assertEq(totals.sales, books.sales, "R2: sales");
            assertEq(totals.royalties, books.royalties, "R2: royalties");
            assertEq(collected, books.ownerPaid, "R2: what the owner took");
            assertEq(pulled, books.pulled, "R2: sales at the last pull");
        }
        uint256 ownerShare = books.ownerPaid + ledger.collectableOf(version, token_);
        if (version == 0) {
            assertEq(ownerShare, totals.royalties, "R3, R4: treasury");
            return;
        }
        assertEq(ledger.pullableOf(version, token_), handler.dueOf(version, token_), "R2: what is due along edges");
        ownerShare += checkLiens(version, token_, ownerShare);
        LedgerBooks.Facts memory facts = handler.factsOf(version);
        uint256 owedBps = checkEdges(totals, version, facts.feeBps);
        // In ten-thousandths of a unit.
        totals.residue = totals.sales * (BPS - owedBps) + totals.royalties * BPS;
        checkShare(totals, ownerShare, BPS - facts.contributorBps, 1, 1, 2);
        SumTreeBuilder.Leaf[] memory leaves = handler.leavesOf(version);
        uint256 weightSum = weightOf(leaves);
        for (uint256 i; i < leaves.length; ++i) {
            uint256 share = handler.contributorPaid(version, token_, i)
                + ledger.contributionCollectableOf(handler.contributionOf(version, i), token_);
            checkShare(totals, share, facts.contributorBps, leaves[i].weight, weightSum, 3);
        }
        totals.terms += leaves.length;
        uint256 whole = totals.sales + totals.royalties;
        assertTrue(totals.shares <= whole, "R5: no more than there is");
        assertTrue(whole - totals.shares <= 1 + totals.terms, "R5: dust");
    }

    /// @return taken All that liens have of what the owner earned.
    function checkLiens(uint256 version, address token_, uint256 ownerShare) internal view returns (uint256 taken) {
        (uint256[] memory shares, uint256 left) = handler.lienSharesOf(version, token_);
        LedgerBooks.Lien[] memory books = handler.liensOf(version, token_);
        IRevenueLedger.Lien[] memory liens = ledger.liensOf(version, token_);
        assertEq(liens.length, books.length, "R2: liens");
        for (uint256 i; i < liens.length; ++i) {
            assertEq(liens[i].creditor, books[i].creditor, "R2: creditor");
            assertEq(liens[i].base, books[i].base, "R2: base");
            assertEq(liens[i].moved, books[i].moved, "R10: moved");
            assertTrue(liens[i].moved <= shares[i] && shares[i] <= liens[i].cap, "R10: cap");
            taken += shares[i];
        }
        assertEq(ownerShare, left, "R10: what liens leave");
    }

    /// @return owedBps The fee and all edges together.
    function checkEdges(Totals memory totals, uint256 version, uint256 feeBps) internal view returns (uint256 owedBps) {
        (IAssetRegistry.Edge[] memory royalties, IAssetRegistry.Edge[] memory supplies) = handler.edgesOf(version);
        owedBps = feeBps;
        totals.shares += totals.sales * feeBps / BPS;
        for (uint256 i; i < royalties.length; ++i) {
            owedBps += royalties[i].bps;
            totals.shares += totals.sales * royalties[i].bps / BPS;
        }
        for (uint256 i; i < supplies.length; ++i) {
            owedBps += supplies[i].bps;
            totals.shares += totals.sales * supplies[i].bps / BPS;
        }
        totals.terms += 1 + royalties.length + supplies.length;
    }

    /// @dev Compares a share with residue · bps · weight / weightSum, both sides multiplied out.
    function checkShare(
        Totals memory totals,
        uint256 share,
        uint256 bps,
        uint256 weight,
        uint256 weightSum,
        uint256 floors
    ) internal pure {
        totals.shares += share;
        uint256 exact = totals.residue * bps * weight;
        assertTrue(share * BPS * BPS * weightSum <= exact, "R3: share");
        assertTrue((share + floors) * BPS * BPS * weightSum > exact, "R4: share");
    }

    function weightOf(SumTreeBuilder.Leaf[] memory leaves) internal pure returns (uint256 sum) {
        for (uint256 i; i < leaves.length; ++i) {
            sum += leaves[i].weight;
        }
    }

    /* AT THE END OF EVERY RUN */

    /// @dev Exact totals of every version, in 2^-64 of a unit, and how many floors are on the way to them.
    struct Exact {
        uint256[] sales;
        uint256[] royalties;
        uint256[] floors;
    }

    uint256 internal constant ONE = 1 << 64;

    function afterInvariant() external {
        string[23] memory calls = callsOf();
        for (uint256 i; i < calls.length; ++i) {
            string memory action = nameOf(calls[i]);
            assertTrue(handler.done(action) > 0, string.concat("R7: never did ", action));
        }
        handler.settleAll();
        for (uint256 t; t < TOKENS; ++t) {
            checkSettled(handler.tokenAt(t));
        }
    }

    function nameOf(string memory signature) internal pure returns (string memory) {
        bytes memory name = bytes(signature);
        uint256 length;
        while (name[length] != "(") ++length;
        assembly {
            mstore(name, length)
        }
        return string(name);
    }

    function checkSettled(ITestUSD token_) internal view {
        checkBalances(token_);
        assertEq(token_.balanceOf(address(market)), 0, "R9: nothing waits");
        uint256 last = handler.versions();
        Exact memory exact = Exact(new uint256[](last + 1), new uint256[](last + 1), new uint256[](last + 1));
        uint256 dustMax;
        // Everything leads to lower versions: what is above has been added when a version's turn comes.
        for (uint256 version = last; version > 0; --version) {
            if (!handler.hasIncome(version, address(token_))) continue;
            checkVersion(version, address(token_));
            assertEq(ledger.pullableOf(version, address(token_)), 0, "R6: pulled");
            assertEq(ledger.collectableOf(version, address(token_)), 0, "R6: collected");
            dustMax += settle(exact, version, address(token_));
        }
        checkVersion(0, address(token_));
        checkPaid(handler.accountOf(0, address(token_)).ownerPaid, exact.royalties[0], exact.floors[0]);
        uint256 left = token_.balanceOf(address(ledger)) - handler.donatedInAll(address(token_));
        assertTrue(left <= dustMax, "R6: what stays is dust");
    }

    /// @dev A version while its exact shares are worked out.
    struct Line {
        uint256 version;
        address token;
        uint256 sales;
        uint256 owedBps;
        uint256 residue;
        uint256 floors;
        uint256 terms;
    }

    /// @return dustMax What may stay in the version for ever.
    function settle(Exact memory exact, uint256 version, address token_) internal view returns (uint256 dustMax) {
        Line memory line;
        (line.version, line.token) = (version, token_);
        line.sales = exact.sales[version] += handler.accountOf(version, token_).received * ONE;
        line.floors = exact.floors[version] + 1;
        settleEdges(exact, line);
        settleLiens(exact, line);
        line.residue = line.sales * (BPS - line.owedBps) / BPS + exact.royalties[version];
        settleShares(exact, line);
        return 1 + line.terms;
    }

    function settleEdges(Exact memory exact, Line memory line) internal view {
        (IAssetRegistry.Edge[] memory royalties, IAssetRegistry.Edge[] memory supplies) = handler.edgesOf(line.version);
        settleEdge(exact.royalties, exact.floors, line, 0, handler.factsOf(line.version).feeBps);
        for (uint256 i; i < royalties.length; ++i) {
            settleEdge(exact.royalties, exact.floors, line, royalties[i].version, royalties[i].bps);
        }
        for (uint256 i; i < supplies.length; ++i) {
            settleEdge(exact.sales, exact.floors, line, supplies[i].version, supplies[i].bps);
        }
    }

    function settleEdge(uint256[] memory totals, uint256[] memory floors, Line memory line, uint256 to, uint256 bps)
        internal
        pure
    {
        totals[to] += line.sales * bps / BPS;
        floors[to] += line.floors;
        line.owedBps += bps;
        ++line.terms;
    }

    function settleShares(Exact memory exact, Line memory line) internal view {
        LedgerBooks.Facts memory facts = handler.factsOf(line.version);
        checkPaid(
            handler.accountOf(line.version, line.token).ownerPaid + takenOf(line.version, line.token),
            line.residue * (BPS - facts.contributorBps) / BPS,
            line.floors + 2
        );
        SumTreeBuilder.Leaf[] memory leaves = handler.leavesOf(line.version);
        uint256 weightSum = weightOf(leaves);
        line.residue = line.residue * facts.contributorBps / BPS;
        for (uint256 i; i < leaves.length; ++i) {
            uint256 share = line.residue * leaves[i].weight / weightSum;
            checkPaid(handler.contributorPaid(line.version, line.token, i), share, line.floors + 3);
            ++line.terms;
            if (!facts.isCollection) continue;
            exact.royalties[uint160(leaves[i].account)] += share;
            exact.floors[uint160(leaves[i].account)] += line.floors + 2;
        }
    }

    /// @dev What a lien moved depends on when the ruling came, so it is taken as it was.
    function settleLiens(Exact memory exact, Line memory line) internal view {
        LedgerBooks.Lien[] memory liens = handler.liensOf(line.version, line.token);
        for (uint256 i; i < liens.length; ++i) {
            exact.royalties[liens[i].creditor] += liens[i].moved * ONE;
            exact.floors[liens[i].creditor] += line.floors;
            ++line.terms;
        }
    }

    function takenOf(uint256 version, address token_) internal view returns (uint256 taken) {
        LedgerBooks.Lien[] memory liens = handler.liensOf(version, token_);
        for (uint256 i; i < liens.length; ++i) {
            taken += liens[i].moved;
        }
    }

    /// @dev The exact share is itself floored to 2^-64 at each step; 2^-32 of a unit is more than all of that.
    function checkPaid(uint256 paid, uint256 exact, uint256 floors) internal pure {
        assertTrue(paid * ONE <= exact + (1 << 32), "R6: paid too much");
        assertTrue((paid + floors) * ONE + (1 << 32) >= exact, "R6: paid too little");
    }
}
