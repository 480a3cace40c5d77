// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {HostileToken} from "../utils/HostileToken.sol";
import {RevenueTest} from "./RevenueTest.sol";

interface ITill {
    function empty(address token) external returns (uint256);
    function ledger() external view returns (address);
}

contract SweepTest is RevenueTest {
    function test_CreditsTheCurrentVersion() public {
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        address till = ledger.tillOf(model);
        assertEq(till.code.length, 0, "not deployed");
        token.mint(till, 10_000);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.RevenueReceived(second, address(token), till, 10_000);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.TillSwept(model, second, address(token), 10_000);
        assertEq(ledger.sweep(model, address(token)), 10_000, "amount");
        assertTrue(till.code.length != 0, "deployed where promised");

        token.mint(till, 5);
        ledger.sweep(model, address(token));
        (uint256 sales,,) = ledger.accountOf(second, address(token));
        assertEq(sales, 10_005, "sales of the second version");
        (sales,,) = ledger.accountOf(model, address(token));
        assertEq(sales, 0, "sales of the first");
        assertEq(ledger.pullableOf(second, 0, address(token)), 1_000, "it owes what the first owed");
    }

    function test_RevertWhen_AssetIsUnknown() public {
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        uint256[3] memory unknown = [uint256(0), second, second + 1];
        for (uint256 i; i < unknown.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_VersionUnknown.selector, unknown[i]));
            ledger.sweep(unknown[i], address(token));
        }
    }

    /// @dev Money sent to such an address would be lost, or belong to whoever publishes that id.
    function test_RevertWhen_ATillIsAskedForWhatIsNoAsset() public {
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        uint256[4] memory unknown = [uint256(0), second, second + 1, type(uint256).max];
        for (uint256 i; i < unknown.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_VersionUnknown.selector, unknown[i]));
            ledger.tillOf(unknown[i]);
        }
        uint256 published = publishFrom(ada, list(), 0);
        assertEq(published, second + 1, "the id that had no till");
        assertTrue(ledger.tillOf(published) != ledger.tillOf(model), "a till of its own");
    }

    function test_RevertWhen_TokenIsNotAllowed() public {
        HostileToken other = new HostileToken();
        other.mint(ledger.tillOf(model), 10);
        vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_TokenNotAllowed.selector, address(other)));
        ledger.sweep(model, address(other));
    }

    function test_RevertWhen_TillIsEmpty() public {
        vm.expectRevert(IRevenueLedger.RevenueLedger_AmountZero.selector);
        ledger.sweep(model, address(token));
    }

    function test_RevertWhen_TokenTakesAFee() public {
        HostileToken hostile = new HostileToken();
        vm.prank(governor);
        ledger.setTokenAllowed(address(hostile), true);
        hostile.mint(ledger.tillOf(model), 1000);
        hostile.set(HostileToken.Behaviour.FeeOnTransfer);
        vm.expectPartialRevert(IRevenueLedger.RevenueLedger_TokenUnsupported.selector);
        ledger.sweep(model, address(hostile));
    }

    function test_RevertWhen_TillIsAskedByOthers() public {
        ITill till = ITill(ledger.tillOf(model));
        token.mint(address(till), 10);
        ledger.sweep(model, address(token));
        token.mint(address(till), 10);
        assertEq(till.ledger(), address(ledger), "its ledger");
        vm.expectRevert(abi.encodeWithSignature("Till_NotLedger(address)", boole));
        vm.prank(boole);
        till.empty(address(token));
    }

    /// @dev A till has nothing to initialise: no call that its shared code does not know changes anything.
    function testFuzz_RevertWhen_TillIsInitialised(bytes calldata data) public {
        vm.assume(data.length < 4 || (bytes4(data) != ITill.empty.selector && bytes4(data) != ITill.ledger.selector));
        address till = ledger.tillOf(model);
        token.mint(till, 10);
        ledger.sweep(model, address(token));
        (bool success,) = till.call(data);
        assertTrue(!success, "refuses");
    }

    function test_RevertWhen_StrangerAllowsAToken() public {
        vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_NotGovernor.selector, boole));
        vm.prank(boole);
        ledger.setTokenAllowed(address(0xbad), true);
    }
}
